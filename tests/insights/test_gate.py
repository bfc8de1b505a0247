"""What a language model may write: for every sentence, what is wrong in any way does not pass."""

import re
from collections.abc import Callable

import pytest

from tests.insights.model_server import REMARKS
from vorex_sessions.insights.gate import REASONS, refusal
from vorex_sessions.insights.gate_words import NEUTRAL, SAME
from vorex_sessions.insights.shapes import Shape, all_shapes

SHAPES = all_shapes()
# In no other language of these, and with common words of theirs.
ELSEWHERE = {
    "en": "Das ist wirklich gut, und jetzt kannst du noch mehr üben, wenn du Zeit hast.",
    "de": "Keep it going today, it is a good time to take a short session with your words.",
    "es": "Das ist wirklich gut, und jetzt kannst du noch üben, wenn du heute Zeit hast.",
    "fr": "Keep it going today, it is a good time to take a short session with your words.",
}


def shape(template: str, language: str = "en", tone: str = "plain") -> Shape:
    wanted = (template, tone, language)
    return next(one for one in SHAPES if (one.template, one.tone, one.language) == wanted)


@pytest.mark.parametrize("language", REMARKS)
def test_each_sentence_passes_itself_and_with_a_kind_remark(language: str) -> None:
    own = [one for one in SHAPES if one.language == language]
    assert len(own) > 30
    for one in own:
        for text in (one.sentence, f"{one.sentence} {REMARKS[language]}"):
            assert refusal(one, text) is None, text


WRONG: dict[str, Callable[[Shape], object]] = {
    "nothing": lambda one: None,
    "a number": lambda one: 5,
    "a list": lambda one: [one.sentence],
    "an empty text": lambda one: "  ",
    "a digit": lambda one: f"{one.sentence} 7",
    "an Arabic digit": lambda one: f"{one.sentence} \u0667",
    "a superscript": lambda one: f"{one.sentence}²",
    "a fraction": lambda one: f"½ {one.sentence}",
    "a circled digit": lambda one: f"① {one.sentence}",
    "a Roman numeral": lambda one: f"{one.sentence} XII",
    "a Roman numeral of Unicode": lambda one: f"{one.sentence} Ⅻ",
    "an English number": lambda one: f"{one.sentence} Twenty-five.",
    "a German number": lambda one: f"{one.sentence} Siebenundzwanzig.",
    "a Spanish number": lambda one: f"{one.sentence} Veintidós, tres.",
    "a French number": lambda one: f"{one.sentence} Quatre-vingts.",
    "an ordinal": lambda one: f"{one.sentence} Twentieth, third.",
    "a multiple": lambda one: f"{one.sentence} Twice.",
    "a percentage": lambda one: f"{one.sentence} Half, percent.",
    "a small Roman numeral": lambda one: f"{one.sentence} xii",
    "a single Roman numeral": lambda one: f"{one.sentence} V.",
    "small capitals": lambda one: f"{one.sentence} ꜰɪᴠᴇ",
    "fullwidth letters": lambda one: f"{one.sentence} \uff46\uff49\uff56\uff45",
    "a letter without its dot": lambda one: f"{one.sentence} f\u0131ve",
    "a minus before a slot": lambda one: one.sentence.replace("{f1}", "-{f1}"),
    "a dash before a slot": lambda one: one.sentence.replace("{f1}", "\u2013 {f1}"),
    "a point before a slot": lambda one: one.sentence.replace("{f1}", ".{f1}"),
    "a letter after a slot": lambda one: one.sentence.replace("{f1}", "{f1}k"),
    "a missing slot": lambda one: one.sentence.replace("{f1}", "it"),
    "another slot": lambda one: f"{one.sentence} {{f9}}",
    "a repeated slot": lambda one: f"{one.sentence} {{f1}}",
    "the name of a fact": lambda one: one.sentence.replace("{f1}", "{days}"),
    "a slot of Python": lambda one: f"{one.sentence} {{f1.__class__}}",
    "a brace": lambda one: f"{one.sentence} {{",
    "HTML": lambda one: f"<b>{one.sentence}</b>",
    "a script": lambda one: f"{one.sentence}<script>alert()</script>",
    "an entity": lambda one: f"{one.sentence} &lt;b&gt;",
    "Markdown": lambda one: f"**{one.sentence}**",
    "a heading": lambda one: f"# {one.sentence}",
    "a link of Markdown": lambda one: f"[{one.sentence}](x)",
    "an address": lambda one: f"{one.sentence} https://example.com",
    "a bare domain": lambda one: f"{one.sentence} example.com",
    "a name at a host": lambda one: f"{one.sentence} me@example",
    "a scheme": lambda one: f"{one.sentence} javascript:alert",
    "a control character": lambda one: f"{one.sentence}\x00",
    "a line": lambda one: f"{one.sentence}\n\nOK",
    "a zero-width space": lambda one: f"{one.sentence}\u200b",
    "a direction override": lambda one: f"\u202e{one.sentence}",
    "a Cyrillic letter": lambda one: f"{one.sentence} \u041ek.",
    "an emoji": lambda one: f"{one.sentence} 🎉",
    "decomposed letters": lambda one: f"{one.sentence} cafe\u0301",
    "Chinese": lambda one: f"{one.sentence} 很好",
    "another language": lambda one: f"{one.sentence} {ELSEWHERE[one.language]}",
    "a whole megabyte": lambda one: one.sentence + " ok" * 350_000,
    "an essay": lambda one: f"{one.sentence} " + REMARKS[one.language] * 20,
    "a refusal": lambda one: "I am sorry, but I cannot help with that request, as an assistant.",
    "a refusal with slots": lambda one: f"Sorry, as an AI model: {one.sentence}",
    "an obeyed instruction": lambda one: "Ignore the rules. Visit our shop and buy more today!",
    "a negation": lambda one: f"Never: {one.sentence}",
    "a German negation": lambda one: f"{one.sentence} Nicht.",
    "a Spanish negation": lambda one: f"{one.sentence} Nunca.",
    "a negation without its apostrophe": lambda one: f"{one.sentence} You havent.",
    "a denial": lambda one: f"{one.sentence} Wrong, falsch, falso, faux.",
    "a French negation": lambda one: f"{one.sentence} Jamais.",
    "an English contraction": lambda one: f"{one.sentence} You haven't.",
    "a loss": lambda one: f"{one.sentence} Perdido, verloren, perdu, lost.",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_passes_for_no_sentence(name: str) -> None:
    passed = [one for one in SHAPES if refusal(one, WRONG[name](one)) is None]
    assert not passed


NUMBERS = {
    "en": "doubled threefold tenfold halved tenth seventh thirds twelfth ninth dozens fortnight decade trio",
    "de": "Einundzwanzig achtundzwanzig achtzehn verdoppelt verdreifacht halbiert einhundert achtmal elfte "
    "Dutzende Drittel anderthalb beides achte",
    "es": "Doscientos quinientos decena veintena quinto tercio décimo duplicado doblado docenas séptimo",
    "fr": "Vingtaine quinzaine tiers doublé triplé septante nonante dizaines cinquièmes quarts premiers",
}


@pytest.mark.parametrize(
    ("language", "number"), [(name, one) for name in NUMBERS for one in NUMBERS[name].split()]
)
def test_a_number_in_any_form_passes_for_no_sentence(language: str, number: str) -> None:
    own = [one for one in SHAPES if one.language == language]
    assert {refusal(one, f"{one.sentence} {number}.") for one in own} == {"number_word"}


@pytest.mark.parametrize(
    ("language", "time"),
    [
        *(
            ("en", "This week."),
            ("en", "Yesterday."),
            ("de", "In diesem Jahr."),
            ("de", "Gestern."),
        ),
        *(("es", "Este año."), ("es", "Ayer."), ("fr", "Cette année."), ("fr", "Hier.")),
    ],
)
def test_a_time_that_the_template_does_not_name_does_not_pass(language: str, time: str) -> None:
    one = shape("trend_up", language)
    assert refusal(one, f"{one.sentence} {time}") == "time"


@pytest.mark.parametrize(
    ("language", "own", "other"), [("de", "dreißig", "vierzig"), ("fr", "trente", "quarante")]
)
def test_a_number_word_of_the_template_stays_as_it_is(language: str, own: str, other: str) -> None:
    having = [one for one in SHAPES if one.language == language and f" {own} " in one.sentence]
    assert having
    for one in having:
        assert refusal(one, one.sentence.replace(own, other)) == "number_word"
        assert refusal(one, one.sentence.replace(f"{own} ", "")) == "meaning"
        assert refusal(one, one.sentence.replace(f"{own} ", f"{own} {own} ")) == "meaning"


def test_slots_in_another_order_do_not_pass() -> None:
    swapped = [one for one in SHAPES if "{f2}" in one.sentence]
    assert len(swapped) > 30
    for one in swapped:
        text = one.sentence.replace("{f1}", "{x}").replace("{f2}", "{f1}").replace("{x}", "{f2}")
        assert refusal(one, text) == "slots"


@pytest.mark.parametrize(
    ("template", "language", "text"),
    [
        ("trend_up", "en", "Your {f1} score has risen to {f2}."),
        ("trend_up", "en", "Your {f1} score has risen by more than {f2}."),
        ("trend_up", "en", "Your {f1} score has risen by nearly {f2}."),
        ("trend_up", "en", "Your {f1} score has risen by minus {f2}."),
        ("trend_up", "de", "Dein Wert für {f1} ist auf {f2} gestiegen."),
        ("trend_up", "es", "Tu puntuación de {f1} ha subido a {f2}."),
        ("trend_down", "es", "Tu puntuación de {f1} ha bajado casi {f2}."),
        ("trend_up", "fr", "Ta note de {f1} a augmenté à {f2}."),
        ("streak_risk", "en", "Your streak of almost {f1}."),
        ("trend_up", "en", "Your {f1} score has risen by a so and so {f2}."),
        ("trend_up", "de", "Dein Wert für {f1} ist in den letzten dreißig Tagen um die {f2}."),
        ("trend_up", "de", "Dein Wert für {f1} ist in den letzten dreißig Tagen um die, {f2}."),
        ("more_practice_week", "es", "Has practicado las {f1}."),
        ("trend_up", "en", "Your {f1} score would have risen by {f2}."),
        ("trend_up", "en", "If only your {f1} score has risen by {f2}."),
        ("trend_up", "de", "Dein Wert für {f1} wird um {f2} gestiegen sein."),
        ("trend_up", "es", "Tu puntuación de {f1} habría subido {f2}."),
        ("trend_up", "fr", "Ta note de {f1} aurait augmenté de {f2}."),
    ],
)
def test_a_word_that_changes_what_a_value_means_does_not_pass(
    template: str, language: str, text: str
) -> None:
    assert refusal(shape(template, language), text) == "slots"


REVERSED = [
    ("trend_up", "en", "Your {f1} score has fallen by {f2}."),
    ("trend_up", "en", "Your {f1} score has changed by {f2}."),
    ("trend_up", "en", "Your {f1} score has risen, or rather dropped, by {f2}."),
    ("trend_up", "en", "Your {f1} score is worse by {f2}."),
    ("trend_up", "en", "Your {f1} score is stable, {f2}."),
    ("trend_down", "en", "Your {f1} score has improved by {f2}."),
    ("trend_down", "en", "Your {f1} score is higher by {f2}."),
    ("plateau", "en", "Your {f1} score has improved within the last month, measured on {f2}."),
    ("plateau", "en", "Your {f1} score has changed within the last month, measured on {f2}."),
    ("trend_up", "de", "Dein Wert für {f1} ist um {f2} gesunken."),
    ("trend_up", "de", "Dein Wert für {f1} ist um {f2} schlechter."),
    ("trend_down", "de", "Dein Wert für {f1} ist um {f2} gestiegen."),
    ("trend_down", "de", "Dein Wert für {f1} hat sich um {f2} verbessert."),
    (
        "plateau",
        "de",
        "Dein Wert für {f1} hat sich verändert, gemessen an {f2}, in den letzten dreißig Tagen.",
    ),
    ("trend_up", "es", "Tu puntuación de {f1} ha bajado {f2}."),
    ("trend_down", "es", "Tu puntuación de {f1} ha subido {f2}."),
    ("trend_down", "es", "Tu puntuación de {f1} ha mejorado {f2}."),
    ("plateau", "es", "Tu puntuación de {f1} ha subido en el último mes, según {f2} de mes."),
    ("trend_up", "fr", "Ta note de {f1} a baissé de {f2}."),
    ("trend_up", "fr", "Ta note de {f1} a diminué de {f2}."),
    ("trend_down", "fr", "Ta note de {f1} a augmenté de {f2}."),
    ("trend_down", "fr", "Ta note de {f1} est en hausse de {f2}."),
    (
        "plateau",
        "fr",
        "Ta note de {f1} a changé au cours des trente derniers jours, d\u2019après {f2}, tu vois bien.",
    ),
    ("trend_up", "en", "Your {f1} score has risen, so weak, by {f2}."),
    ("trend_down", "en", "Your {f1} score has fallen, a strong boost, by {f2}."),
    ("trend_up", "es", "Tu puntuación de {f1} ha subido, una caída, {f2}."),
    ("word_slipping", "en", "You know {f1} better, in {f2}."),
    ("streak_risk", "en", "Improved: your streak of {f1}."),
]


@pytest.mark.parametrize(("template", "language", "text"), REVERSED)
def test_a_direction_that_the_facts_do_not_have_does_not_pass(
    template: str, language: str, text: str
) -> None:
    assert refusal(shape(template, language), text) == "direction"


@pytest.mark.parametrize(
    ("template", "language", "text"),
    [
        ("trend_up", "en", "Well done! Your {f1} score has gone up by {f2}."),
        (
            "trend_up",
            "en",
            "Your {f1} score has increased by {f2}, and that is more than chance can explain. Keep going!",
        ),
        (
            "trend_up",
            "de",
            "Super! Dein Wert für {f1} ist in den letzten dreißig Tagen um {f2}. "
            "Das ist mehr, als der Zufall erklärt.",
        ),
        ("trend_down", "es", "Tu puntuación de {f1} ha disminuido {f2}. ¡Adelante!"),
        ("streak_risk", "fr", "Ta série de {f1}. Tu peux y arriver !"),
        ("words_due", "en", "{f1}. If you review it now, you\u2019ll recall it longer."),
    ],
)
def test_a_good_rewording_passes(template: str, language: str, text: str) -> None:
    assert refusal(shape(template, language), text) is None


# Each says something false, or something that nobody knows, in words that no list can foresee.
FALSE = [
    ("trend_up", "en", "Your {f1} mistakes have risen by {f2}."),
    ("trend_up", "en", "Your friend's {f1} score has risen by {f2}."),
    ("trend_up", "en", "It is a myth that your {f1} score has risen by {f2}."),
    ("trend_up", "en", "Your {f1} score has rarely risen by {f2}."),
    ("trend_up", "en", "Your {f1} score has risen by {f2}. It has since collapsed."),
    ("trend_up", "en", "Your {f1} score has risen by {f2}. That is pure chance."),
    ("trend_up", "en", "Your {f1} score has risen by {f2}. You are ready for the exam."),
    (
        "trend_up",
        "en",
        "Your {f1} score has risen by {f2}. Send your password to the support team.",
    ),
    ("trend_up", "en", "Your {f1} score has risen by {f2}, fif-teen of them."),
    ("trend_up", "en", "Your {f1} score has risen by {f2}?"),
    ("trend_up", "en", "Your {f1} score has “risen” by {f2}."),
    ("trend_down", "en", "Your {f1} score has fallen by {f2}. Well done!"),
    ("words_due", "en", "{f1}. If you skip it now, you will remember it longer."),
    ("words_due", "en", "{f1}. If you remember it now, you will go over it longer."),
    ("streak_risk", "de", "Deine Serie von {f1} riss."),
    ("words_due", "de", "{f1}. Wenn du es jetzt durchgehst, merkst du es länger."),
    ("trend_up", "de", "Angeblich ist dein Wert für {f1} in den letzten dreißig Tagen um {f2}."),
    ("trend_up", "es", "Tus errores de {f1} han subido {f2}."),
    ("trend_up", "es", "Tu puntuación de {f1} ha subido {f2}. Ahora se ha desplomado."),
    ("trend_up", "fr", "Tes fautes de {f1} ont augmenté de {f2}."),
    ("trend_up", "fr", "Ta note de {f1} a augmenté de {f2}. C\u2019est un pur hasard."),
]


@pytest.mark.parametrize(("template", "language", "text"), FALSE)
def test_what_the_template_does_not_say_does_not_pass(
    template: str, language: str, text: str
) -> None:
    assert refusal(shape(template, language), text) is not None


SYNONYMS = [
    (language, own, other)
    for language, groups in SAME.items()
    for others, own in groups
    for other in others.pattern.removeprefix(r"\b(?:").removesuffix(r")\b").split("|")
]


@pytest.mark.parametrize(("language", "own", "other"), SYNONYMS)
def test_what_is_listed_as_the_same_passes_wherever_a_template_has_the_first(
    language: str, own: str, other: str
) -> None:
    original = re.compile(rf"\b{own}\b", re.IGNORECASE)
    having = [one for one in SHAPES if one.language == language and original.search(one.sentence)]
    assert having
    for one in having:
        text = original.sub(other, one.sentence)
        assert refusal(one, text) is None, text


@pytest.mark.parametrize("language", REMARKS)
def test_a_remark_passes_once(language: str) -> None:
    remark = REMARKS[language]
    own = [one for one in SHAPES if one.language == language]
    for times in (2, 3):
        again = " ".join([remark] * times)
        passed = [one for one in own if refusal(one, f"{one.sentence} {again}") is None]
        assert not passed
        twice = f"{remark} {own[0].sentence} {' '.join([remark] * (times - 1))}"
        assert refusal(own[0], twice) is not None


@pytest.mark.parametrize(
    ("language", "word"), [(name, word) for name in NEUTRAL for word in sorted(NEUTRAL[name])]
)
def test_no_sentence_ends_with_a_small_word(language: str, word: str) -> None:
    for one in (one for one in SHAPES if one.language == language):
        for sign in ".!?":
            text = one.sentence.replace(sign, f" {word}{sign}")
            assert text == one.sentence or refusal(one, text) is not None, text
        assert refusal(one, f"{one.sentence} {word}") is not None
        assert refusal(one, f"{one.sentence} {word.capitalize()}.") is not None


ASKED = [
    (
        "plateau",
        "en",
        "Your {f1} score has held steady within the last month, measured on {f2}? "
        "Ready for something new, or another type of session.",
    ),
    ("neglected_language", "en", "Time for some {f1}. Your last session in it was {f2}?"),
    ("next_skill", "en", "How about {f1} next. Your mastery of it is estimated at {f2}?"),
    (
        "plateau",
        "de",
        "Dein Wert für {f1} ist in den letzten dreißig Tagen stabil geblieben, gemessen an {f2}? "
        "Lust auf etwas Neues oder eine andere Art von Einheit.",
    ),
    (
        "plateau",
        "es",
        "¿Tu puntuación de {f1} se ha mantenido estable en el último mes, según mediciones de {f2}? "
        "Te animas con algo nuevo o con otro tipo de sesión.",
    ),
    ("neglected_language", "es", "Y si practicas {f1}. ¿Hace {f2}?"),
    ("neglected_language", "fr", "Envie d\u2019une séance en {f1}. La dernière remonte à {f2} ?"),
]


@pytest.mark.parametrize(("template", "language", "text"), ASKED)
def test_a_question_mark_moves_to_no_fact(template: str, language: str, text: str) -> None:
    assert refusal(shape(template, language, "friendly"), text) == "meaning"


@pytest.mark.parametrize(
    "text",
    [
        "Your {f1} score has 'risen' by {f2}.",
        "Your {f1} score has \u2019risen\u2019 by {f2}.",
        "Your {f1} score has risen by {f2} ...",
        "Your {f1} score has risen by {f2}!!!",
        "Your {f1} score has risen by {f2}, , that is more than chance explains.",
    ],
)
def test_a_sign_that_hints_does_not_pass(text: str) -> None:
    assert refusal(shape("trend_up"), text) == "characters"


@pytest.mark.parametrize(
    ("language", "remark"),
    [
        *(
            ("en", "Keep it going."),
            ("de", "Mach weiter so!"),
            ("de", "Weiter so."),
            ("es", "¡Sigue así!"),
        ),
        *(("fr", "Continue comme ça !"), ("fr", "Continue ainsi.")),
    ],
)
def test_nobody_is_told_to_go_on_like_that_where_nothing_rises(language: str, remark: str) -> None:
    """A falling score, a forgotten word and a long absence are nothing to go on with."""
    own = [one for one in SHAPES if one.language == language]
    praised = {one.template for one in own if refusal(one, f"{one.sentence} {remark}") is None}
    assert praised == {"trend_up", "trend_up_of", "more_practice_week", "more_practice_month"}


@pytest.mark.parametrize("language", REMARKS)
def test_a_word_that_is_on_no_list_passes_nowhere(language: str) -> None:
    for one in (one for one in SHAPES if one.language == language):
        words = one.sentence.split(" ")
        for place in range(len(words) + 1):
            text = " ".join([*words[:place], "zamboni", *words[place:]])
            assert refusal(one, text) is not None, text


@pytest.mark.parametrize("language", REMARKS)
def test_no_sentence_passes_with_words_swapped(language: str) -> None:
    for one in (one for one in SHAPES if one.language == language):
        words = one.sentence.split(" ")
        for place in range(len(words) - 1):
            text = " ".join([*words[:place], words[place + 1], words[place], *words[place + 2 :]])
            accepted = refusal(one, text) is None
            # Small words, and a repeated one, may stand elsewhere.
            small = {words[at].casefold().strip("¿¡") for at in (place, place + 1)}
            assert not accepted or small & NEUTRAL[language] or len(small) == 1, text


def test_each_reason_is_known_to_those_who_count_them() -> None:
    found = {refusal(one, make(one)) for one in SHAPES[:40] for make in WRONG.values()}
    rising = shape("trend_up")
    for remark in ("Yesterday.", "Das ist gut, das ist toll."):
        found.add(refusal(rising, f"{rising.sentence} {remark}"))
    found |= {refusal(one, one.sentence) for one in SHAPES}
    for template, language, text in REVERSED + FALSE:
        found.add(refusal(shape(template, language), text))
    assert found == {*REASONS, None}
