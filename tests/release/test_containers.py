"""REL109 and REL103 on whole models: GGUF files in the folder, who loads what, and the audit's choice of checks."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

import portable_tpl as pt
from portable_tpl.model.findings import Finding, Severity

TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|a|>{% endif %}"
CODES = ["REL103", "REL109"]


def gguf(path: Path, template: str) -> None:
    """A GGUF file of version 3 that holds a template and no tensor."""

    def text(value: str) -> bytes:
        data = value.encode()
        return struct.pack("<Q", len(data)) + data

    pair = text("tokenizer.chat_template") + struct.pack("<I", 8) + text(template)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE, "utf-8")
    return tmp_path


def between(folder: Path, **options: list[str]) -> list[Finding]:
    report = pt.audit(folder, targets="minijinja", examples=20, select=options.get("select", CODES))
    assert report.errors == ()
    return [finding for container in report.containers for finding in container.findings]


def test_a_gguf_file_with_another_template(folder: Path) -> None:
    gguf(folder / "model-q4.gguf", TEMPLATE.replace("<|end|>", "<|eot|>"))
    (finding,) = between(folder)
    assert (finding.code, finding.severity) == ("REL109", Severity.ERROR)
    assert finding.related == ("chat_template.jinja", "model-q4.gguf")
    assert "llama.cpp loads the other" in finding.message
    assert finding.witness is not None
    labels = [exhibit.label for exhibit in finding.witness.exhibits]
    assert labels == ["chat_template.jinja", "model-q4.gguf"]
    assert all(file in command for file, command in zip(labels, finding.witness.reproduce, strict=True))


def test_a_gguf_file_with_the_same_template_is_nothing(folder: Path) -> None:
    gguf(folder / "model-q4.gguf", TEMPLATE + "\n")
    (folder / "shard.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    assert between(folder) == []


def test_gguf_files_of_one_model_and_nothing_else(tmp_path: Path) -> None:
    other = TEMPLATE.replace("<|end|>", "<|eot|>")
    texts = {
        "a-7B-Q4_K_M": TEMPLATE,
        "a-7B-UD-IQ2_XXS": other,
        "a-7B-F16": TEMPLATE,
        "b-Q8_0": other,
        "a-8B-Q4_0": other,
    }
    for name, text in texts.items():
        gguf(tmp_path / f"{name}.gguf", text)
    (tmp_path / "a-7B-Q8_0-00002-of-00002.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    findings = between(tmp_path)
    assert [finding.related for finding in findings] == [
        ("a-7B-F16.gguf", "a-7B-Q4_K_M.gguf", "a-7B-UD-IQ2_XXS.gguf"),
        ("a-7B-Q4_K_M.gguf", "a-7B-UD-IQ2_XXS.gguf"),
    ]
    assert {finding.severity for finding in findings} == {Severity.ERROR}
    assert "llama.cpp loads the one that it is given" in findings[0].message


def test_other_checks_alone_are_asked(folder: Path) -> None:
    gguf(folder / "model-q4.gguf", TEMPLATE.replace("<|end|>", "<|eot|>"))
    assert between(folder, select=["REL103"]) == []


def test_diff_of_a_gguf_file_and_its_source(folder: Path, tmp_path: Path) -> None:
    gguf(tmp_path / "same.gguf", TEMPLATE)
    gguf(tmp_path / "other.gguf", TEMPLATE.replace("<|end|>", "<|eot|>"))
    assert [pt.diff(tmp_path / name, folder)[0].likeness for name in ("same.gguf", "other.gguf")] == [
        "same-bytes",
        "differs",
    ]


def test_a_broken_side_file_ends_no_audit(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}), "utf-8")
    (folder / "generation_config.json").write_text("{", "utf-8")
    report = pt.audit(folder, targets="minijinja", examples=20, select=CODES)
    assert report.errors == ()
    assert [finding.code for finding in report.templates[0].findings] == ["REL103"]
