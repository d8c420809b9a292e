"""One request and one answer: handlers, request and response, bodies, JSON, problems, negotiation, safety."""

from kit.http.handlers import handler
from kit.http.problem import Problem, problem_of
from kit.http.request import Request
from kit.http.response import Response
from kit.http.safe import content_disposition, redirect_to, safe_join, upload_name

__all__ = [
    "Problem",
    "Request",
    "Response",
    "content_disposition",
    "handler",
    "problem_of",
    "redirect_to",
    "safe_join",
    "upload_name",
]
