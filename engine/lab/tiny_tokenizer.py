"""A byte-level BPE tokenizer trained on a few built-in sentences, in the Hugging Face layout.

Offline and deterministic. Every byte is a token, so any text can be encoded; the chat template is ChatML.
Knows nothing of models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

_BYTES = 256
_PAD, _BOS, _IM_START, _IM_END = SPECIAL = ("<|endoftext|>", "<|begin|>", "<|im_start|>", "<|im_end|>")
_SENTENCES = (
    "A cadre is a small group of experts picked for one job.",
    "The whole model stays on disk; only the experts that this prompt needs are read into memory.",
    "For each prompt the engine picks the experts, reads them, answers with them and picks again.",
    "How many experts does the router want for this token, and how many of them are resident?",
    "The quick brown fox jumps over the lazy dog while the other dogs watch from the other side.",
    "She sells sea shells by the sea shore, and the shells she sells are sea shells for sure.",
    "def answer(question): return [token for token in model.generate(question) if token is not None]",
    "Write a short story about a lighthouse keeper who finds a letter in a bottle on the shore.",
    "One, two, three, four, five: the numbers are counted from one to ten and then from ten to one.",
    "Please explain the difference between reading from memory and reading from the disk.",
)
_CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_tokenizer(folder: Path, vocab_size: int) -> dict[str, int]:
    """Write the tokenizer's files into `folder`; return the ids that a model's config.json names.

    vocab_size: exact, between 300 and 512.
    """
    tokenizer = _trained(vocab_size)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(_settings(), indent=2), encoding="utf-8")
    (folder / "chat_template.jinja").write_text(_CHAT_TEMPLATE, encoding="utf-8")
    ids = tokenizer.get_vocab()
    return {"pad_token_id": ids[_PAD], "bos_token_id": ids[_BOS], "eos_token_id": ids[_IM_END]}


def _trained(vocab_size: int) -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_SENTENCES, trainer)
    if not _BYTES < vocab_size == tokenizer.get_vocab_size():
        raise ValueError(f"The built-in sentences do not give {vocab_size} tokens.")
    return tokenizer


def _settings() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": _PAD,
        "bos_token": _BOS,
        "eos_token": _IM_END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 4096,
    }
