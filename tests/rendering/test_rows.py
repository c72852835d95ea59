"""Rows of every shape that people have become calls, or one line that says what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

import portable_tpl as pt
from portable_tpl.model.errors import ConversationError, NotPortable, PromptWarning, RenderError
from portable_tpl.rendering.datasets.job import RenderJob
from portable_tpl.rendering.datasets.mapping import row_renderer
from portable_tpl.rendering.prompts import warm_runtime
from portable_tpl.rendering.rows import RowOptions, parse_columns, row_call, unused_columns

HI = [{"role": "user", "content": "Hi"}]
TEXT = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{{ tools | length if tools }}{{ x }}"
CHAT = pt.compile(TEXT + "{% if add_generation_prompt %}<assistant>{% endif %}")


def prompt(row: Any, *columns: str, **options: Any) -> str:
    answer = CHAT.rendering(row_call(row, RowOptions(columns=parse_columns(columns), **options)))
    assert isinstance(answer, pt.Rendered)
    return answer.text


@pytest.mark.parametrize(
    "row, columns, expected",
    [
        (HI, (), "<user>Hi"),
        ({"messages": HI, "tools": [{}, {}], "variables": {"x": 1}}, (), "<user>Hi21"),
        ({"messages": HI, "add_generation_prompt": True}, (), "<user>Hi<assistant>"),
        # The body of a request: a server begins the answer unasked.
        ({"model": "m", "messages": HI, "temperature": 0, "tools": [{}]}, (), "<user>Hi1<assistant>"),
        ({"messages": HI, "chat_template_kwargs": {"x": "!"}}, (), "<user>Hi!<assistant>"),
        ({"model": "m", "messages": HI, "add_generation_prompt": False}, (), "<user>Hi"),
        ({"model": "m", "messages": HI, "continue_final_message": True}, (), "<user>Hi"),
        ({"messages": HI, "chat_template_kwargs": {"add_generation_prompt": False, "tools": [{}]}}, (), "<user>Hi1"),
        # Trainers' columns.
        ({"chat": HI, "id": 3}, ("messages=chat",), "<user>Hi"),
        ({"chat": '[{"role": "user", "content": "a"}]', "t": "[{}]"}, ("messages=chat", "tools=t"), "<user>a1"),
        ({"prompt": HI, "completion": [{"role": "assistant", "content": "Yes"}]}, ("messages=prompt+completion",),
         "<user>Hi<assistant>Yes"),
        ({"messages": HI, "mood": "?"}, ("x=mood",), "<user>Hi?"),
        # ShareGPT.
        ({"conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
         ("messages=conversations",), "<system>S<user>a<assistant>b"),
        ({"messages": [{"from": "human", "value": "a", "weight": 0}]}, (), "<user>a"),
    ],
)  # fmt: skip
def test_rows_and_their_prompts(row: Any, columns: tuple[str, ...], expected: str) -> None:
    assert prompt(row, *columns) == expected


def test_options_hold_for_all_rows() -> None:
    row = {"messages": HI, "add_generation_prompt": True, "variables": {"x": 1}}
    assert prompt(row, add_generation_prompt=False, variables={"x": 2}, tools=[{}]) == "<user>Hi12"
    assert prompt({"model": "m", "messages": HI}, continue_final_message=True) == "<user>Hi"


@pytest.mark.parametrize(
    "row, columns, words",
    [
        (3, (), "expected a JSON object with a 'messages' list, found a number"),
        ({"conversations": [{"from": "human", "value": "a"}]}, (), "--column messages=conversations"),
        ({"prompt": HI, "completion": HI}, (), "--column messages=prompt\\+completion"),
        ({"id": 1, "body": HI}, (), "there are: id, body"),
        ({"messages": "[{"}, (), "not valid JSON"),
        ({"messages": "Hi"}, (), "'messages' must be a list of objects, found a string"),
        ({"messages": None}, (), "'messages' must be a list of objects, found null"),
        ({"messages": [3]}, (), r"'messages'\[0\] must be an object"),
        ({"messages": [{"from": "martian", "value": "a"}]}, (), "'martian' in ShareGPT"),
        ({"messages": HI, "tools": {}}, (), "'tools' must be a list"),
        ({"messages": HI}, ("tools=t",), "no column 't' .for tools.; there are: messages"),
        ({"messages": HI, "a": 1}, ("tools=messages+a",), "not all lists"),
        ({"messages": HI, "add_generation_prompt": 1}, (), "true or false"),
        ({"messages": HI, "variables": []}, (), "'variables' must be an object"),
        ({"messages": HI, "special_tokens": {"bos_token": 1}}, (), "object of strings"),
        ({"model": "m", "messages": HI, "chat_template": "{{ x }}"}, (), "chat_template of its own"),
    ],
)
def test_rows_that_are_none(row: Any, columns: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConversationError, match=words) as caught:
        row_call(row, RowOptions(columns=parse_columns(columns)))
    assert "\n" not in str(caught.value)


def test_columns_that_nobody_uses_are_known() -> None:
    options = RowOptions(columns=parse_columns(["messages=chat"]), keep=("id",))
    assert unused_columns({"chat": HI, "id": 1, "split": "a", "tools": []}, options) == ["split"]
    assert unused_columns({"model": "m", "messages": HI, "top_p": 1}, RowOptions()) == []
    with pytest.raises(RenderError, match="tokenize: no variable"):
        parse_columns(["tokenize=a"])


@dataclass
class Message:
    role: str
    content: str
    tool_calls: list[Any] | None = None


@dataclass
class Conversation:
    messages: list[Message] = field(default_factory=lambda: [Message("user", "Hi")])


def test_messages_may_be_objects() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Model", role=(str, ...), content=(str, ...), name=(str | None, None))
    for messages in (
        [Message("user", "Hi")],
        (Message("user", "Hi"),),
        [model(role="user", content="Hi")],
        Conversation(),
        iter(HI),
    ):
        assert CHAT.render(messages) == "<user>Hi"
    seen = pt.render("{{ messages }}", [Message("user", "Hi")])
    assert seen == "[{'role': 'user', 'content': 'Hi'}]"


def test_a_function_for_data_sets() -> None:
    import pickle

    function = pickle.loads(pickle.dumps(row_renderer(CHAT, {"messages": "chat"}, "text", True, x="!")))
    assert function({"chat": HI, "id": 1}) == {"text": "<user>Hi!<assistant>"}
    with pytest.raises(RenderError, match="the row: no column 'chat'"):
        function({"messages": HI})
    datasets = pytest.importorskip("datasets", reason="maps a data set of that package")
    rows = [{"id": number, "chat": [{"role": "user", "content": f"n{number}"}]} for number in range(40)]
    made = datasets.Dataset.from_list(rows).map(function, num_proc=2)
    assert made["text"] == [f"<user>n{number}!<assistant>" for number in range(40)]


def test_variables_are_looked_at() -> None:
    chat = pt.compile("{{ enable_thinking }}{{ messages[0].content }}")
    with pytest.warns(PromptWarning, match="REL110.*'enable_thinkin'.*did you mean enable_thinking"):
        assert chat.render(HI, enable_thinkin=True) == "Hi"
    for name in (
        "tokenize",
        "chat_template",
        "return_dict",
        "return_assistant_tokens_mask",
        "sanitize_control_tokens",
    ):
        for isolated in (False, True):
            with pytest.raises(RenderError, match=f"{name}: no variable of a template"):
                pt.render("{{ x }}", HI, isolated=isolated, **{name: False})  # type: ignore[arg-type]


def test_only_what_is_portable() -> None:
    text = "{% for m in messages %}{{ m.content.rjust(9) }}{% endfor %}"
    assert pt.render(text, HI) == "       Hi"
    with pytest.raises(NotPortable, match=r"not portable to minijinja.*PTL\d+ at line 1") as caught:
        pt.render(text, HI, require_portable=["minijinja"])
    assert {finding.severity for finding in caught.value.findings} == {"error"}
    assert pt.render("{{ messages[0].content }}", HI, require_portable="minijinja") == "Hi"


@pytest.mark.parametrize(
    "messages, options",
    [
        (HI, {"tools": 3}),
        (HI, {"tools": "text"}),
        (HI, {"tools": [object()]}),
        (HI, {"documents": 3}),
        (HI, {"documents": ["text"]}),
        ([HI], {}),
        ({"messages": HI}, {}),
        (3, {}),
        ([], {}),
        ([3], {}),
    ],
)
def test_arguments_that_do_not_fit(messages: Any, options: dict[str, Any]) -> None:
    with pytest.raises(RenderError) as caught:
        CHAT.render(messages, **options)
    assert "\n" not in str(caught.value)
    with pytest.raises(RenderError, match="conversation 1: "):
        CHAT.render_batch([HI, messages], **options) if not options else CHAT.render_batch([HI, []])


def test_nothing_that_is_passed_hangs_or_escapes() -> None:
    class Failing:
        def model_dump(self) -> None:
            raise OSError("no\n such thing")

    circle: list[Any] = []
    circle.append(circle)
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    for content in (circle, deep, Failing(), {"a": Failing()}):
        for messages in ([{"role": "user", "content": content}], [content]):
            with pytest.raises(RenderError) as caught:
                CHAT.render(messages, x=content)
            assert "\n" not in str(caught.value)
    assert CHAT.render([{"role": "user", "content": object}]) == "<user><type>"


def test_hints_that_do_not_resolve_are_said() -> None:
    def find(place: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
        """Find.

        Args:
            place: Where.
        """

    with pytest.raises(RenderError, match="hint of the tool find does not resolve: NameError"):
        CHAT.render(HI, tools=[find])


class Counted:
    """An engine whose round trips are counted."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.trips: list[int] = []

    def render_all(self, template: pt.Template, conversations: list[Any]) -> Any:
        self.trips.append(len(conversations))
        return self.engine.render_all(template, conversations)


def test_another_target_takes_the_rows_of_a_batch_in_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{% if 'bad' in messages[0].content %}{{ raise_exception('no') }}{% endif %}{{ messages[-1].content }}!"
    pair = pt.Template(text, named={"tool_use": pt.Template(f"tools:{text}", name="tool_use")})
    rows: list[Any] = [{"messages": [{"role": "user", "content": f"a{number}"}]} for number in range(40)]
    rows[3]["tools"] = rows[9]["tools"] = [{"type": "function"}]
    rows[5]["messages"][0]["content"] = "bad"
    rows[7] = {"messages": 3}
    rows[8]["continue_final_message"] = rows[10]["continue_final_message"] = True
    rows[10]["messages"][0]["content"] = None
    rows[11] = b"{oops"
    chat = pt.compile(pair)
    here = RenderJob(chat, on_error="keep")(rows)
    engine = Counted(warm_runtime("minijinja"))
    monkeypatch.setattr("portable_tpl.rendering.datasets.job.warm_runtime", lambda target: engine)
    there = RenderJob(chat, on_error="keep", target="minijinja")(rows)
    assert there.output == here.output
    assert [failure.index for failure in there.failures] == [5, 7, 10, 11]
    assert engine.trips == [35, 2]
