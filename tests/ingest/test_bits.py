"""Bits per byte: exact against one pass over the whole text, and every byte accounted for.

One file, since its tests share one tiny network and one folder of texts.
"""

import json
import math
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import torch
from tokenizers import (
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from torch import Tensor
from transformers import (
    BertConfig,
    BertLMHeadModel,
    PreTrainedTokenizerFast,
)

from ingest.errors import CatalogError, DatasetError
from ingest.experiments.bits.measure import Tally, causal_of, tallies
from ingest.experiments.bits.texts import Document, Skipped, documents
from ingest.experiments.bits.windows import nats, opening_of, scored_bytes, windows
from ingest.extract.loaded import Causal, LoadedLanguage, Pieces
from ingest.extract.spelling import Spelling
from ingest.store.warehouse import Warehouse
from tests.ingest.command import prh
from tests.ingest.own_study import write_study
from tests.ingest.tiny import CPU, byte_llama
from tests.worlds import query

TEXT = "Löwen & tigers 🐅 sleep; " * 8


def total(loaded: LoadedLanguage, *texts: str, budget: int = 10**6, **options: int) -> Tally:
    read = [Document(str(i), text) for i, text in enumerate(texts)]
    found = tallies(loaded, causal_of("m", loaded), read, budget=budget, device=CPU, **options)
    return sum(found, Tally(0.0, 0, 0, 0))


def whole(loaded: LoadedLanguage, text: str) -> float:
    """Sum -log p in one pass over a text that fits the window."""
    assert loaded.causal is not None
    start = [] if loaded.causal.start is None else [loaded.causal.start]
    ids = torch.tensor([[*start, *loaded.causal.pieces(text).ids]])
    with torch.inference_mode():
        logits: Tensor = loaded.causal.logits(ids, torch.ones_like(ids))
    chosen = logits[0, :-1].double().log_softmax(dim=-1).gather(1, ids[0, 1:, None])
    return -float(chosen.sum())


def test_a_text_that_fits_equals_one_pass_over_it() -> None:
    loaded = byte_llama()
    text = "tigers 🐅 sleep"
    found = total(loaded, text)
    assert found.bytes == found.tokens == len(text.encode())
    assert found.bits_per_byte == pytest.approx(whole(loaded, text) / math.log(2) / found.bytes)


def test_without_bos_the_first_token_is_neither_scored_nor_counted() -> None:
    loaded = byte_llama(bos=False)
    found = total(loaded, "sleep")
    assert (found.tokens, found.bytes) == (4, 4)
    assert found.nats == pytest.approx(whole(loaded, "sleep"), rel=1e-6)


@pytest.mark.parametrize(("length", "stride"), [(2, 1), (8, 3), (8, 7), (16, 8), (400, 1)])
@pytest.mark.parametrize("start", [None, 256])
def test_windows_score_every_token_once_with_all_the_context_that_fits(
    length: int, stride: int, start: int | None
) -> None:
    ids = list(range(100, 137))
    seen = []
    for window in windows(ids, start, length, stride):
        assert 1 <= window.first < len(window.ids) <= length
        seen += window.ids[window.first :]
        if seen != window.ids[window.first :]:  # not the first window
            assert len(window.ids) == length and len(window.ids) - window.first <= stride
    assert seen == (ids if start is not None else ids[1:])


def test_batches_and_padding_change_nothing() -> None:
    loaded = byte_llama()
    assert loaded.causal is not None
    ids = loaded.causal.pieces(TEXT).ids
    cut = [w for size in (9, 33, 64) for w in windows(ids[:size], 256, 24, 10)]
    together = nats(loaded.causal, cut, CPU, loaded.pad_id, 256)
    alone = [nats(loaded.causal, [w], CPU, loaded.pad_id, 256)[0] for w in cut]
    assert together == pytest.approx(alone, rel=1e-5)


def test_a_batch_too_large_for_the_memory_is_run_in_halves() -> None:
    loaded = byte_llama()
    assert loaded.causal is not None
    real = loaded.causal.last
    assert real is not None
    cut = windows(loaded.causal.pieces(TEXT).ids, 256, 24, 10)
    sizes: list[int] = []

    def short_of_memory(ids: Tensor, mask: Tensor) -> Tensor:
        sizes.append(len(ids))
        if len(ids) > 2:
            raise MemoryError("out of memory")
        return real(ids, mask)

    small = replace(loaded.causal, last=short_of_memory)
    found = nats(small, cut, CPU, loaded.pad_id, 256)
    assert max(sizes) > 2  # it was tried
    assert found == pytest.approx(nats(loaded.causal, cut, CPU, loaded.pad_id, 256), rel=1e-5)


def test_the_budget_ends_a_stream_after_the_document_that_reaches_it() -> None:
    loaded = byte_llama()

    def endless():
        while True:
            yield Document("d", "ten bytes!")

    found = list(
        tallies(loaded, causal_of("m", loaded), endless(), budget=95, device=CPU, chunk_tokens=30)
    )
    assert [t.documents for t in found] == [3, 3, 3, 1]
    assert sum(t.tokens for t in found) == 100


@pytest.mark.parametrize("budget", [1, 999, 1000, 1001, 20_000])
def test_models_of_any_tokenizer_read_the_same_documents(budget: int) -> None:
    read = [Document(str(i), f"wörd {i % 10} " * 100) for i in range(40)]
    found = []
    for step, start in ((1, 0), (5, 0), (3, None), (40, None)):
        starts = [list(range(0, len(document.text), step)) for document in read]
        pieces = {d.text: Pieces([1] * len(s), s) for d, s in zip(read, starts, strict=True)}
        causal = Causal(lambda ids, mask: torch.zeros(*ids.shape, 4), pieces.__getitem__, start)
        loaded = LoadedLanguage(None, lambda t: [], lambda *a: None, None, 0, "1", causal=causal)
        parts = tallies(loaded, causal, read, budget=budget, window=64, device=CPU)
        found.append(sum(parts, Tally(0.0, 0, 0, 0)))
    size = len(read[0].text.encode())
    assert {tally.documents for tally in found} == {-(-budget // size)}
    assert found[0].bytes == found[1].bytes == found[0].documents * size


CORPUS = ["A dog runs on the beach.", "é ünï 🙂 smile", "two  spaces\n\nnew", "ﬁne ÀB Ｆｕｌｌ"] * 5


def byte_level(
    *, trim: bool | None = None, prefix: bool = False, normal: object = None
) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer, as GPT-2 (no trimming) or GPT-NeoX (trimming) has one."""
    inner = Tokenizer(models.BPE())
    if normal is not None:
        inner.normalizer = normal  # type: ignore[assignment]
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)  # type: ignore[assignment]
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, initial_alphabet=letters, show_progress=False)  # type: ignore[call-arg]
    inner.train_from_iterator(CORPUS, trainer)
    if trim is not None:
        inner.post_processor = processors.ByteLevel(trim_offsets=trim)  # type: ignore[assignment]
    return PreTrainedTokenizerFast(tokenizer_object=inner)


def sentence_piece(*, prepend: bool) -> PreTrainedTokenizerFast:
    """Return a BPE tokenizer that writes a space as ▁, a byte as <0x0A>; `prepend`: as LLaMA's."""
    inner = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")  # type: ignore[assignment]
    special = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False)  # type: ignore[call-arg]
    inner.train_from_iterator([text for text in CORPUS if text.isascii()], trainer)
    if prepend:
        inner.pre_tokenizer = None  # type: ignore[assignment]
        inner.normalizer = normalizers.Sequence(  # type: ignore[assignment]
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
    return PreTrainedTokenizerFast(tokenizer_object=inner)


TOKENIZERS = {
    "byte-level": byte_level(),
    "byte-level, trimmed": byte_level(trim=True),
    "byte-level, prefix, trimmed": byte_level(trim=True, prefix=True),
    "byte-level, prefix": byte_level(trim=False, prefix=True),
    "Metaspace": sentence_piece(prepend=False),
    "Prepend": sentence_piece(prepend=True),
}
TEXTS = (
    *CORPUS[:4], " A dog", "  two", "🙂 smile", "é", "\n\nnew", "A", "e\u0301 a", "ß", "\ta b",
    "日本語", " ", "  ", "a ", "Ã", "▁a",
)  # fmt: skip


def given_by(name: str, text: str) -> int:
    tokens = TOKENIZERS[name]
    found = tokens(text, add_special_tokens=False, return_offsets_mapping=True)
    return Spelling(tokens).opening_bytes(text, found["input_ids"][0], found["offset_mapping"])


@pytest.mark.parametrize(
    ("name", "text"),
    # A vocabulary that writes spaces as ▁ cannot tell it from a space.
    [
        (name, text)
        for name in TOKENIZERS
        for text in TEXTS
        if "▁" not in text or name not in ("Metaspace", "Prepend")
    ],
)
def test_scored_bytes_are_those_the_other_tokens_encode(name: str, text: str) -> None:
    """Nothing here is normalized, so all tokens' bytes are the text's, less an added space."""
    tokens = TOKENIZERS[name]
    ids = tokens(text, add_special_tokens=False)["input_ids"]
    spelling = Spelling(tokens)
    encoded = [spelling.bytes_of(token) for token in ids]
    assert b"".join(encoded) in (text.encode(), b" " + text.encode())
    assert given_by(name, text) == len(text.encode()) - len(b"".join(encoded[1:]))


@pytest.mark.parametrize("trim", [False, True])
def test_a_trimmed_offset_hides_no_byte(trim: bool) -> None:
    name = "byte-level, trimmed" if trim else "byte-level"
    assert len(b"A dog runs on the beach.") - given_by(name, "A dog runs on the beach.") == 23
    assert len("日 dog".encode()) - given_by(name, "日 dog") == 6  # one of seven was given


@pytest.mark.parametrize("trim", [False, True])
@pytest.mark.parametrize(
    ("normal", "text", "given"),
    [
        (normalizers.NFC(), "e\u0301 A", 3),  # composed: letter and mark are one token
        (normalizers.NFC(), "A e\u0301", 1),
        (normalizers.Lowercase(), "ÀB dog", 1),  # a token of one byte, the same in either case
        (normalizers.Lowercase(), "Two", 3),
        (normalizers.Lowercase(), "A dog", 1),
        (normalizers.NFKC(), "ﬁ A", 3),  # "fi", split in two: the character counts as a whole
        (normalizers.NFKC(), "Ｂ A", 3),
        (normalizers.Strip(), "  A dog", 3),
    ],
)
def test_bytes_of_a_normalized_text_are_those_that_were_read(
    trim: bool, normal: object, text: str, given: int
) -> None:
    tokens = byte_level(trim=trim, normal=normal)
    found = tokens(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, offsets = found["input_ids"], found["offset_mapping"]
    assert Spelling(tokens).opening_bytes(text, ids[0], offsets) == given
    scored = len(text.encode()) - given
    assert scored_bytes(text, Pieces(ids, [a for a, _ in offsets], given), None) == scored
    assert scored_bytes(text, Pieces(ids, [a for a, _ in offsets], given), 0) == scored + given


@pytest.mark.parametrize(
    ("text", "starts", "scored"),
    [
        ("sleep", [0, 1, 2], 4),
        ("äb", [0, 1], 1),
        ("🙂 smile", [0, 0, 0, 0, 1], 6),  # where only starts tell, the whole character is given
        ("sleep", [0], 0),
        ("sleep", [], 0),
    ],
)
def test_starts_alone_tell_bytes_too(text: str, starts: list[int], scored: int) -> None:
    found = Pieces([1] * len(starts), starts)
    assert scored_bytes(text, found, None) == scored
    assert scored_bytes(text, found, 0) == (len(text.encode()) if starts else 0)


@pytest.mark.parametrize(
    ("found", "opening"),
    [
        (Pieces([1, 1, 1], [0, 1, 2]), 1),
        (Pieces([1] * 5, [0, 0, 0, 0, 1]), 4),  # four tokens of one character
        (Pieces([1] * 2, [0, 0]), 2),
        (Pieces([1], [0]), 1),
        (Pieces([], []), 1),
        (Pieces([1, 1], [0, 0], opening_bytes=1), 1),  # its own bytes are known
    ],
)
def test_tokens_of_one_character_are_given_together(found: Pieces, opening: int) -> None:
    assert opening_of(found) == opening
    text = "🙂 smile" if len(found.ids) == 5 else "sl"
    scored = sum(len(w.ids) - w.first for w in windows(found.ids, None, 3, 2, opening=opening))
    assert scored == max(0, len(found.ids) - opening)
    assert (scored == 0) == (scored_bytes(text, found, None) == 0)
    assert sum(len(w.ids) - w.first for w in windows(found.ids, 7, 3, 2, opening=opening)) == len(
        found.ids
    )


def test_a_ligature_split_over_tokens_is_given_whole() -> None:
    tokens = byte_level(trim=False, normal=normalizers.NFKC())
    found = tokens("ﬁ A", add_special_tokens=False, return_offsets_mapping=True)
    ids, offsets = found["input_ids"], found["offset_mapping"]
    spelling = Spelling(tokens)
    first = ids[: spelling.opening("ﬁ A", ids, offsets)]
    assert b"".join(map(spelling.bytes_of, first)) == b"fi"
    assert spelling.opening_bytes("ﬁ A", ids[0], offsets) == 3
    plain = tokens("fi A", add_special_tokens=False, return_offsets_mapping=True)
    assert spelling.opening("fi A", plain["input_ids"], plain["offset_mapping"]) == 1


@pytest.mark.parametrize("decoder", [True, False])
def test_a_network_that_sees_what_it_should_predict_has_no_bits(decoder: bool) -> None:
    plain = byte_llama()
    torch.manual_seed(0)
    network = BertLMHeadModel(
        BertConfig(
            vocab_size=257, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
            num_attention_heads=2, max_position_embeddings=64, is_decoder=decoder,
        )
    )  # fmt: skip
    with torch.no_grad():
        network.cls.predictions.decoder.weight.mul_(20)
    causal = plain.causal
    assert causal is not None

    def logits(ids: Tensor, mask: Tensor) -> Tensor:
        return network.eval()(input_ids=ids, attention_mask=mask).logits

    loaded = replace(plain, causal=replace(causal, logits=logits, head=None, last=None))
    for text in (TEXT, "ab"):
        if decoder:
            assert total(loaded, text).bytes == len(text.encode())
        else:
            with pytest.raises(CatalogError, match="sees what it should predict"):
                total(loaded, text)


@pytest.mark.parametrize("bos", [True, False])
def test_a_document_counts_the_bytes_of_its_scored_tokens(bos: bool) -> None:
    found = total(byte_llama(bos), "🙂 smile", "é", "")
    assert found.tokens == found.bytes == (12 if bos else 12 - 2)
    assert found.documents == 3


def test_refusals() -> None:
    encoder = byte_llama()
    encoder = replace(encoder, causal=None)
    with pytest.raises(CatalogError, match="'m' does not predict the next token"):
        causal_of("m", encoder)
    with pytest.raises(CatalogError, match="window of 65 and a stride of 32"):
        total(byte_llama(), "text", window=65)


def test_files_are_read_in_order_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ein Löwe", encoding="utf-8")
    (tmp_path / "b.txt").write_text("  \n", encoding="utf-8")
    (tmp_path / "c.txt").write_bytes(b"caf\xe9")
    lines = [json.dumps({"text": text}) for text in ("one", "", "two")]
    (tmp_path / "d.jsonl").write_text("\n".join(lines), encoding="utf-8")
    pl.DataFrame({"text": ["three", None]}).write_parquet(tmp_path / "e.parquet")
    (tmp_path / "ignored.md").write_text("no")
    skipped: list[Skipped] = []
    found = list(documents(tmp_path, "text", skipped.append))
    assert [d.text for d in found] == ["Ein Löwe", "one", "two", "three"]
    assert [tuple(s) for s in skipped] == [
        ("b.txt", "it is empty"),
        ("c.txt", "it is not UTF-8 at byte 3"),
        ("d.jsonl:2", "it is empty"),
        ("e.parquet:2", "it is empty"),
    ]
    with pytest.raises(DatasetError, match='d.jsonl, line 1: expected .* "body"'):
        list(documents(tmp_path / "d.jsonl", "body", skipped.append))
    with pytest.raises(DatasetError, match="expected a .txt, .jsonl or .parquet file"):
        list(documents(tmp_path / "ignored.md", "text", skipped.append))


def measured(home: Path, *words: object) -> tuple[int, str]:
    """Run `prh bits` on a folder of texts; return the exit code and what it said."""
    catalog = home / "study" / "mine.toml"
    done = prh(
        "bits", "--catalog", catalog, "--models", "bigrams-a", "--text", home / "speeches", *words,
        "--data", home / "data",
    )  # fmt: skip
    return done.returncode, " ".join(done.stderr.split())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a network that predicts letters, and texts for several chunks."""
    write_study(tmp_path / "study", n=4)
    (tmp_path / "speeches").mkdir()
    for number in range(12):
        text = f"Speech {number}: ö and o, o and ö. " * 800
        (tmp_path / "speeches" / f"{number:02d}.txt").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_budget_of_tokens_is_refused_by_name(home: Path) -> None:
    code, said = measured(home, "--tokens", 4_000_000)
    assert code == 1
    assert "another stretch of the text for every tokenizer" in said
    assert "--bytes 16000000" in said
    assert "--tokens" not in prh("bits", "--help").stdout


def test_a_killed_measurement_goes_on_to_the_same_bytes(home: Path) -> None:
    size = len((home / "speeches" / "00.txt").read_bytes())
    code, said = measured(home, "--bytes", 9 * size + 1)
    assert code == 0, said
    parts = home / "data" / "parts" / "bits"
    wanted = Warehouse(home / "data").rows("bits")
    assert wanted is not None and wanted.height > 3
    last = sorted(parts.glob("*.[0-9]*.parquet"))[-1]
    (end,) = parts.glob("*.-00001.parquet")
    for part in (last, end):
        part.unlink()
    code, said = measured(home, "--bytes", 9 * size + 1)
    assert code == 0, said
    found = Warehouse(home / "data").rows("bits")
    assert found is not None
    columns = ["documents", "bytes", "tokens", "nats"]
    assert found.select(columns).sum().rows() == wanted.select(columns).sum().rows()
    assert int(found["documents"].sum()) == 10
    assert set(found["bits_version"]) == {2}


def test_stretches_and_versions_of_a_text_share_no_figure(home: Path) -> None:
    for budget in (1, 100_000):
        assert measured(home, "--bytes", budget)[0] == 0
    warehouse = Warehouse(home / "data")
    skills = "SELECT skill FROM skills ORDER BY skill"
    names = ["1 − bits per byte of speeches", "1 − bits per byte of speeches, documents 1 to 1"]
    assert query(warehouse.path, skills).to_series().to_list() == names
    older = warehouse.rows("bits")
    assert older is not None
    for row in older.to_dicts():  # as version 1 left them, of a model that was not measured since
        key = f"{row['unit_key']}-old"
        rows = pl.DataFrame([{**row, "unit_key": key, "model_id": "older"}]).drop("bits_version")
        warehouse.append("bits", f"{key}.{row['chunk']:06d}", rows)
    warehouse.publish()
    assert query(warehouse.path, skills).to_series().to_list() == names
    assert query(warehouse.path, "FROM bits_per_byte").height == 4


def test_half_precision_is_a_skill_of_its_own(home: Path) -> None:
    for dtype in ("float32", "bfloat16"):
        assert measured(home, "--bytes", 1, "--dtype", dtype)[0] == 0
    found = query(Warehouse(home / "data").path, "SELECT skill, score FROM skills ORDER BY skill")
    assert found["skill"].to_list() == [
        "1 − bits per byte of speeches", "1 − bits per byte of speeches, bfloat16",
    ]  # fmt: skip
    exact, half = found["score"]
    assert 0 < abs(exact - half) < 0.01
