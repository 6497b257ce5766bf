"""How our expectations read in Data Docs: one sentence, instead of the class name and its arguments."""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer
from great_expectations.render.renderer_configuration import RendererConfiguration, RendererValueType


class Sentence:
    """Mix into an expectation and set :attr:`sentence`; never shows a value of the data."""

    sentence: ClassVar[str]
    """What the values must be, after the words "values must"."""

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: RendererConfiguration[Any]) -> RendererConfiguration[Any]:
        renderer_configuration.add_param(
            name="sentence", param_type=RendererValueType.STRING, value=f"values must {cls.sentence}"
        )
        renderer_configuration.template_str = "$sentence"
        return renderer_configuration

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
        **_: Any,
    ) -> list[RenderedStringTemplateContent]:
        configuration = configuration or getattr(result, "expectation_config", None)
        column = (configuration.kwargs.get("column") or configuration.kwargs.get("column_A")) if configuration else ""
        named = (runtime_configuration or {}).get("include_column_name") is not False
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template",
                string_template={
                    "template": f"$column values must {cls.sentence}" if named else f"values must {cls.sentence}",
                    "params": {"column": column},
                    "styling": (runtime_configuration or {}).get("styling"),
                },
            )
        ]
