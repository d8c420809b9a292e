"""Ready-made themes: `plain`, `govuk` (GOV.UK Design System) and `bootstrap5`, for their own style sheets.

>>> from kit.forms import Form
>>> class Ask(Form, theme=govuk):
...     text: str
>>> 'class="govuk-input"' in Ask.bind({"REQUEST_METHOD": "GET"}).render()
True
"""

from __future__ import annotations

from collections.abc import Sequence

from kit.forms.theme import Theme

__all__ = ["Bootstrap5", "GovUk", "bootstrap5", "govuk", "plain"]


class GovUk(Theme):
    """Markup for GOV.UK Frontend 5."""

    classes = {
        "field": "govuk-form-group",
        "field!": "govuk-form-group--error",
        "label": "govuk-label",
        "legend": "govuk-fieldset__legend govuk-fieldset__legend--m",
        "optional": "govuk-hint govuk-!-display-inline",
        "hint": "govuk-hint",
        "error": "govuk-error-message",
        "input": "govuk-input",
        "input!": "govuk-input--error",
        "textarea": "govuk-textarea",
        "textarea!": "govuk-textarea--error",
        "select": "govuk-select",
        "select!": "govuk-select--error",
        "file": "govuk-file-upload",
        "radios": "govuk-radios",
        "radio": "govuk-radios__item",
        "radio-input": "govuk-radios__input",
        "radio-label": "govuk-label govuk-radios__label",
        "checkboxes": "govuk-checkboxes",
        "checkbox": "govuk-checkboxes__item",
        "checkbox-input": "govuk-checkboxes__input",
        "checkbox-label": "govuk-label govuk-checkboxes__label",
        "group": "govuk-fieldset govuk-form-group",
        "rows": "govuk-fieldset govuk-form-group",
        "item": "govuk-form-group",
        "submit": "govuk-button",
        "button": "govuk-button govuk-button--secondary",
        "error-summary": "govuk-error-summary",
        "summary-title": "govuk-error-summary__title",
        "summary-list": "govuk-list govuk-error-summary__list",
    }

    def form(self, attrs: str, body: str) -> str:
        """GOV.UK turns the browser's own checks off: their messages cannot be read by everyone."""
        return f"<form{attrs} novalidate>{body}</form>"


class Bootstrap5(Theme):
    """Markup for Bootstrap 5."""

    classes = {
        "field": "mb-3",
        "field!": "",
        "label": "form-label",
        "legend": "fs-5",
        "optional": "text-body-secondary",
        "hint": "form-text",
        "error": "invalid-feedback d-block",
        "input": "form-control",
        "input!": "is-invalid",
        "textarea": "form-control",
        "textarea!": "is-invalid",
        "select": "form-select",
        "select!": "is-invalid",
        "file": "form-control",
        "radios": "",
        "radio": "form-check",
        "radio-input": "form-check-input",
        "radio-label": "form-check-label",
        "checkboxes": "",
        "checkbox": "form-check",
        "checkbox-input": "form-check-input",
        "checkbox-label": "form-check-label",
        "group": "border rounded p-3 mb-3",
        "rows": "mb-3",
        "item": "mb-3",
        "submit": "btn btn-primary",
        "button": "btn btn-outline-secondary btn-sm me-2",
        "error-summary": "alert alert-danger",
        "summary-title": "alert-heading fs-4",
        "summary-list": "mb-0",
    }

    def summary(self, title: str, items: Sequence[tuple[str, str]]) -> str:
        """Links in an alert have a class of their own."""
        return super().summary(title, items).replace("<a ", '<a class="alert-link" ')


plain, govuk, bootstrap5 = Theme(), GovUk(), Bootstrap5()
