"""GGUF files: the templates and tokens that llama.cpp would take, and copies in which only a template differs."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.sources import discover, open_container
from portable_tpl.sources.beside import ggufs_beside, tokenizer_of

gguf: Any = pytest.importorskip("gguf", reason="the gguf package writes the files that these tests read")
numpy: Any = pytest.importorskip("numpy")

TOKENS = ["<unk>", "<s>", "</s>", "é", "x" * 300]


def build(path: Path, *, endian: Any = None, alignment: int | None = None, tensors: int = 2) -> Path:
    writer = gguf.GGUFWriter(str(path), "llama", endianess=endian or gguf.GGUFEndian.LITTLE)
    if alignment:
        writer.add_custom_alignment(alignment)
    writer.add_token_list(TOKENS)
    writer.add_array("some.numbers", [1, 2, 3])
    writer.add_chat_template([{"name": "default", "template": "D é"}, {"name": "tool use", "template": "T"}])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(99)
    writer.add_float32("some.float", 1.5)
    for index in range(tensors):
        writer.add_tensor(f"t{index}", numpy.arange(10 + index, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_templates_and_tokens(tmp_path: Path) -> None:
    container = open_container(str(build(tmp_path / "m.gguf")))
    assert {one.name: one.text for one in container.templates} == {"default": "D é", "tool_use": "T"}
    assert container.templates[0].special_tokens == {"bos_token": "<s>", "eos_token": "</s>"}
    assert [one.kind for one in discover([str(tmp_path)])] == ["gguf"]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("alignment", [None, 64])
@pytest.mark.parametrize("tensors", [0, 2])
def test_a_copy_differs_in_the_template_alone(tmp_path: Path, big: bool, alignment: int | None, tensors: int) -> None:
    endian = gguf.GGUFEndian.BIG if big else gguf.GGUFEndian.LITTLE
    path = build(tmp_path / "m.gguf", endian=endian, alignment=alignment, tensors=tensors)
    before = gguf.GGUFReader(str(path))
    size = path.stat().st_size
    container = open_container(str(path))
    for length in (0, 1, 31, 32, 33, 1000):
        output = tmp_path / f"{length}.gguf"
        new = "ü" * length
        container.write({"default": new, "tool_use": "TT"}, output=str(output))
        after = gguf.GGUFReader(str(output))
        assert list(after.fields) == list(before.fields)
        for key, field in before.fields.items():
            expected = {"tokenizer.chat_template": new, "tokenizer.chat_template.tool_use": "TT"}
            assert after.fields[key].contents() == expected.get(key, field.contents()), key
        assert [one.data.tobytes() for one in after.tensors] == [one.data.tobytes() for one in before.tensors]
    assert path.stat().st_size == size
    container.write({"default": "D é"}, output=str(tmp_path / "same.gguf"))
    assert (tmp_path / "same.gguf").read_bytes() == path.read_bytes()


def test_replacing_in_place(tmp_path: Path) -> None:
    path = build(tmp_path / "m.gguf")
    open_container(str(path)).replace("default", "new")
    assert open_container(str(path)).templates[0].text == "new"


def test_a_file_without_its_tensors_or_of_unknown_types_is_still_read(tmp_path: Path) -> None:
    path = build(tmp_path / "m.gguf")
    path.write_bytes(path.read_bytes()[:-60])  # a download that has not ended
    assert open_container(str(path)).templates[0].text == "D é"


def test_version_2_written_by_hand(tmp_path: Path) -> None:
    def string(text: str) -> bytes:
        return struct.pack("<Q", len(text)) + text.encode()

    pairs = string("tokenizer.chat_template") + struct.pack("<I", 8) + string("hello")
    nested = string("n") + struct.pack("<IIQIQH", 9, 9, 1, 2, 1, 7)
    path = tmp_path / "m.bin"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 2, 0, 2) + nested + pairs)
    container = open_container(str(path))
    assert container.templates[0].text == "hello"
    assert container.new_bytes({"default": "hello"}) == path.read_bytes()


def test_the_tokenizer_is_that_of_the_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "t.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_token_list(["a", "<s>", "</s>", "<|end|>", "<tag>"])
    writer.add_token_types([1, 3, 3, 3, 4])
    writer.add_chat_template("{{ bos_token }}")
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_eot_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    tokenizer = tokenizer_of(open_container(str(path)))
    assert tokenizer is not None
    assert tokenizer.special == {"bos_token": "<s>", "eos_token": "</s>"}
    assert (tokenizer.adds_bos, tokenizer.adds_eos, tokenizer.stops) == (True, False, ("</s>", "<|end|>"))
    assert tokenizer.control == {"<s>": True, "</s>": True, "<|end|>": True, "<tag>": False}
    assert tokenizer.whole


def test_without_types_it_is_not_known_what_is_cut_out(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(open_container(str(build(tmp_path / "m.gguf"))))
    assert tokenizer is not None
    assert (tokenizer.control, tokenizer.whole) == ({}, False)


def test_ggufs_of_a_model_are_beside_it(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}", "utf-8")
    build(tmp_path / "m.gguf")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF\x03")
    container = open_container(str(tmp_path))
    beside = ggufs_beside(container)
    assert [one.path for one in beside.containers] == [str(tmp_path / "m.gguf")]
    (problem,) = beside.problems
    assert "broken.gguf" in problem
    # They are compared, not changed with the others.
    assert all(slot.kind == "jinja" for slot in container.slots)
