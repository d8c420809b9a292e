"""300 routes (method, path) in the manner of a large public API: the table on which routers are compared."""

_PATHS = """
GET /
GET /about
GET POST /login
POST /logout
GET /pricing
GET /health
GET /meta
GET /emojis
GET /events
GET /feeds
GET /rate_limit
GET /zen
GET /versions
GET /octocat
GET POST /gists
GET /gists/public
GET /gists/starred
GET /gitignore/templates
GET /licenses
POST /markdown
POST /markdown/raw
GET /issues
GET PUT /notifications
GET /organizations
GET /repositories
GET /search/code
GET /search/commits
GET /search/issues
GET /search/labels
GET /search/repositories
GET /search/topics
GET /search/users
GET PATCH /user
GET /user/followers
GET /user/following
GET POST DELETE /user/emails
GET POST /user/keys
GET /user/issues
GET POST /user/repos
GET /user/starred
GET /user/subscriptions
GET /user/teams
GET /user/orgs
GET /users
GET /codes_of_conduct
GET PATCH DELETE /gists/{gist_id}
GET /gists/{gist_id}/commits
GET POST /gists/{gist_id}/forks
GET PUT DELETE /gists/{gist_id}/star
GET POST /gists/{gist_id}/comments
GET /gitignore/templates/{name}
GET /licenses/{license}
GET /codes_of_conduct/{key}
GET PATCH /notifications/threads/{thread_id}
GET PUT DELETE /notifications/threads/{thread_id}/subscription
GET PATCH /orgs/{org}
GET /orgs/{org}/events
GET POST /orgs/{org}/hooks
GET /orgs/{org}/issues
GET /orgs/{org}/members
GET /orgs/{org}/public_members
GET POST /orgs/{org}/repos
GET POST /orgs/{org}/teams
GET POST /orgs/{org}/projects
GET PATCH DELETE /projects/{project_id}
GET POST /projects/{project_id}/columns
GET PATCH DELETE /teams/{team_id}
GET /teams/{team_id}/members
GET /teams/{team_id}/repos
GET /user/following/{username}
GET DELETE /user/keys/{key_id}
GET /users/{username}
GET /users/{username}/events
GET /users/{username}/events/public
GET /users/{username}/followers
GET /users/{username}/following
GET /users/{username}/gists
GET /users/{username}/keys
GET /users/{username}/orgs
GET /users/{username}/received_events
GET /users/{username}/repos
GET /users/{username}/starred
GET /users/{username}/subscriptions
GET PATCH DELETE /gists/{gist_id}/comments/{comment_id}
GET /gists/{gist_id}/{sha}
GET PATCH DELETE /orgs/{org}/hooks/{hook_id}
POST /orgs/{org}/hooks/{hook_id}/pings
GET DELETE /orgs/{org}/members/{username}
GET PUT DELETE /orgs/{org}/public_members/{username}
GET PUT DELETE /teams/{team_id}/members/{username}
GET PUT DELETE /teams/{team_id}/memberships/{username}
GET PUT DELETE /teams/{team_id}/repos/{owner}/{repo}
GET PUT DELETE /user/starred/{owner}/{repo}
GET PUT DELETE /user/subscriptions/{owner}/{repo}
GET /users/{username}/following/{target}
GET /users/{username}/events/orgs/{org}
GET /networks/{owner}/{repo}/events
GET PATCH DELETE /repos/{owner}/{repo}
GET /repos/{owner}/{repo}/assignees
GET /repos/{owner}/{repo}/assignees/{assignee}
GET /repos/{owner}/{repo}/branches
GET /repos/{owner}/{repo}/branches/{branch}
GET PUT DELETE /repos/{owner}/{repo}/branches/{branch}/protection
GET /repos/{owner}/{repo}/collaborators
GET PUT DELETE /repos/{owner}/{repo}/collaborators/{username}
GET /repos/{owner}/{repo}/comments
GET PATCH DELETE /repos/{owner}/{repo}/comments/{comment_id}
GET /repos/{owner}/{repo}/commits
GET /repos/{owner}/{repo}/commits/{sha}
GET POST /repos/{owner}/{repo}/commits/{sha}/comments
GET /repos/{owner}/{repo}/commits/{sha}/status
GET /repos/{owner}/{repo}/commits/{sha}/statuses
GET /repos/{owner}/{repo}/compare/{spec}
GET /repos/{owner}/{repo}/contributors
GET POST /repos/{owner}/{repo}/deployments
GET POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses
GET /repos/{owner}/{repo}/downloads
GET DELETE /repos/{owner}/{repo}/downloads/{download_id}
GET /repos/{owner}/{repo}/events
GET POST /repos/{owner}/{repo}/forks
POST /repos/{owner}/{repo}/git/blobs
GET /repos/{owner}/{repo}/git/blobs/{sha}
POST /repos/{owner}/{repo}/git/commits
GET /repos/{owner}/{repo}/git/commits/{sha}
GET POST /repos/{owner}/{repo}/git/refs
GET PATCH DELETE /repos/{owner}/{repo}/git/refs/{ref}
POST /repos/{owner}/{repo}/git/tags
GET /repos/{owner}/{repo}/git/tags/{sha}
POST /repos/{owner}/{repo}/git/trees
GET /repos/{owner}/{repo}/git/trees/{sha}
GET POST /repos/{owner}/{repo}/hooks
GET PATCH DELETE /repos/{owner}/{repo}/hooks/{hook_id}
POST /repos/{owner}/{repo}/hooks/{hook_id}/pings
POST /repos/{owner}/{repo}/hooks/{hook_id}/tests
GET PUT PATCH DELETE /repos/{owner}/{repo}/import
GET POST /repos/{owner}/{repo}/issues
GET /repos/{owner}/{repo}/issues/comments
GET PATCH DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}
GET /repos/{owner}/{repo}/issues/events
GET /repos/{owner}/{repo}/issues/events/{event_id}
GET PATCH /repos/{owner}/{repo}/issues/{number}
POST DELETE /repos/{owner}/{repo}/issues/{number}/assignees
GET POST /repos/{owner}/{repo}/issues/{number}/comments
GET /repos/{owner}/{repo}/issues/{number}/events
GET POST PUT DELETE /repos/{owner}/{repo}/issues/{number}/labels
DELETE /repos/{owner}/{repo}/issues/{number}/labels/{name}
PUT DELETE /repos/{owner}/{repo}/issues/{number}/lock
GET POST /repos/{owner}/{repo}/keys
GET DELETE /repos/{owner}/{repo}/keys/{key_id}
GET POST /repos/{owner}/{repo}/labels
GET PATCH DELETE /repos/{owner}/{repo}/labels/{name}
GET /repos/{owner}/{repo}/languages
GET /repos/{owner}/{repo}/license
POST /repos/{owner}/{repo}/merges
GET POST /repos/{owner}/{repo}/milestones
GET PATCH DELETE /repos/{owner}/{repo}/milestones/{number}
GET /repos/{owner}/{repo}/milestones/{number}/labels
GET PUT /repos/{owner}/{repo}/notifications
GET POST DELETE /repos/{owner}/{repo}/pages
GET POST /repos/{owner}/{repo}/pages/builds
GET POST /repos/{owner}/{repo}/pulls
GET PATCH /repos/{owner}/{repo}/pulls/{number}
GET POST /repos/{owner}/{repo}/pulls/{number}/comments
GET /repos/{owner}/{repo}/pulls/{number}/commits
GET /repos/{owner}/{repo}/pulls/{number}/files
GET PUT /repos/{owner}/{repo}/pulls/{number}/merge
GET POST /repos/{owner}/{repo}/pulls/{number}/reviews
GET PUT DELETE /repos/{owner}/{repo}/pulls/{number}/reviews/{review_id}
GET /repos/{owner}/{repo}/readme
GET POST /repos/{owner}/{repo}/releases
GET /repos/{owner}/{repo}/releases/latest
GET PATCH DELETE /repos/{owner}/{repo}/releases/{release_id}
GET POST /repos/{owner}/{repo}/releases/{release_id}/assets
GET /repos/{owner}/{repo}/stargazers
GET /repos/{owner}/{repo}/stats/contributors
GET /repos/{owner}/{repo}/stats/punch_card
GET POST /repos/{owner}/{repo}/statuses/{sha}
GET /repos/{owner}/{repo}/subscribers
GET PUT DELETE /repos/{owner}/{repo}/subscription
GET /repos/{owner}/{repo}/tags
GET /repos/{owner}/{repo}/teams
GET /repos/{owner}/{repo}/traffic/views
GET /repos/{owner}/{repo}/traffic/clones
GET POST /repos/{owner}/{repo}/projects
GET /repos/{owner}/{repo}/zipball/{ref}
GET /repos/{owner}/{repo}/invitations
PATCH DELETE /repos/{owner}/{repo}/invitations/{invitation_id}
GET PUT /repos/{owner}/{repo}/topics
GET PUT DELETE /repos/{owner}/{repo}/contents/{path:path}
GET /repos/{owner}/{repo}/raw/{path:path}
GET /static/{path:path}
GET /docs/{path:path}
"""

ROUTES: list[tuple[str, str]] = []
for _line in _PATHS.split("\n"):
    *_methods, _path = _line.split() or [""]
    ROUTES += [(method, _path) for method in _methods]


def url_of(path: str) -> str:
    """A URL that the path matches: `/repos/{owner}/{repo}` becomes /repos/owner1/repo1."""
    made = []
    for part in path.split("{"):
        name, brace, literal = part.partition("}")
        if not brace:
            made.append(part)
        else:
            made.append(("some/deep/file.txt" if name.endswith(":path") else f"{name}1") + literal)
    return "".join(made)


if __name__ == "__main__":
    print(len(ROUTES), len({path for _, path in ROUTES}))
