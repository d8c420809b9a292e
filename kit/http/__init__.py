"""One request and one answer: handlers, request and response, bodies, JSON, problems, negotiation, safety."""

from kit.http.handlers import handler
from kit.http.problem import Problem, problem_of
from kit.http.request import Request
from kit.http.response import Response

__all__ = ["Problem", "Request", "Response", "handler", "problem_of"]
