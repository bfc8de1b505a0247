"""The requests and answers of the service. Generated from openapi.json: `make client-types`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class Save(TypedDict):
    """Generated: Save."""

    session_type: SessionType
    duration_seconds: int
    words_spoken: NotRequired[int | None]
    pronunciation_score: NotRequired[float | None]
    fluency_score: NotRequired[float | None]
    grammar_score: NotRequired[float | None]
    topics: NotRequired[list[str] | None]
    vocabulary_learned: NotRequired[list[str] | None]
    areas_to_improve: NotRequired[list[str] | None]
    vocabulary_results: NotRequired[list[Outcome] | None]
    skills: NotRequired[list[SkillScore] | None]
    metadata: NotRequired[dict[str, Any] | None]
    completed_at: NotRequired[str | None]
    timezone: NotRequired[str | None]
    language: NotRequired[str | None]
    session_result_id: NotRequired[str | None]


SessionType: TypeAlias = "Literal['conversation', 'pronunciation', 'roleplay']"


class Outcome(TypedDict):
    """Generated: Outcome."""

    word: str
    outcome: ExerciseOutcome


ExerciseOutcome: TypeAlias = "Literal['again', 'hard', 'good', 'easy']"


class SkillScore(TypedDict):
    """Generated: SkillScore."""

    skill: SkillKey
    score: float


SkillKey: TypeAlias = "Literal['basic-word-order', 'personal-pronouns', 'verb-to-be', 'articles', 'plural-nouns', 'noun-gender', 'possessives', 'demonstratives', 'present-simple', 'subject-verb-agreement', 'question-forms', 'negation', 'imperatives', 'prepositions-of-place', 'prepositions-of-time', 'there-is', 'can-ability', 'conjunctions', 'prepositions', 'present-continuous', 'past-simple', 'irregular-verbs', 'future-forms', 'comparatives', 'adverbs', 'adjective-agreement', 'countable-uncountable', 'quantifiers', 'reflexive-verbs', 'basic-modals', 'gerund-infinitive', 'past-continuous', 'imperfect-or-preterite', 'present-perfect', 'past-participles', 'relative-clauses', 'first-conditional', 'second-conditional', 'phrasal-verbs', 'passive-voice', 'noun-cases', 'reported-speech', 'past-perfect', 'perfect-continuous', 'modals-of-deduction', 'third-conditional', 'sequence-of-tenses', 'subjunctive', 'causatives', 'complex-sentences', 'participle-clauses', 'inversion-emphasis', 'nominalisation', 'vowel-sounds', 'consonant-sounds', 'alphabet-spelling', 'syllables', 'vowel-length', 'diphthongs', 'voicing', 'th-sound', 'r-sound', 'nasal-sounds', 'final-consonants', 'word-stress', 'consonant-clusters', 'schwa', 'minimal-pairs', 'sentence-stress', 'rhythm', 'intonation', 'tones', 'linking', 'accent-clarity', 'numbers', 'time-and-dates', 'family-words', 'food-words', 'home-words', 'colours-descriptions', 'clothes-shopping', 'daily-routine', 'travel-words', 'weather-nature', 'health-words', 'hobbies-words', 'work-words', 'feelings-words', 'word-formation', 'false-friends', 'collocations', 'synonyms-range', 'word-choice', 'idioms', 'abstract-words', 'academic-words', 'nuance-words', 'short-answers', 'listening-response', 'response-time', 'hesitation', 'speaking-pace', 'filler-words', 'self-correction', 'extended-answers', 'storytelling', 'paraphrasing', 'discourse-markers', 'spontaneous-speech', 'sustained-argument', 'greetings', 'introductions', 'polite-words', 'ordering', 'asking-directions', 'polite-requests', 'invitations', 'apologies', 'asking-clarification', 'formal-address', 'small-talk', 'turn-taking', 'giving-opinions', 'complaints', 'advice-suggestions', 'phone-calls', 'interview-answers', 'negotiation', 'register', 'hedging', 'meetings-presentations', 'humour-irony', 'cultural-norms', 'diplomacy']"


NewSession: TypeAlias = "Save"


class Correction(TypedDict):
    """Generated: Correction."""

    session_type: NotRequired[SessionType]
    duration_seconds: NotRequired[int]
    words_spoken: NotRequired[int | None]
    pronunciation_score: NotRequired[float | None]
    fluency_score: NotRequired[float | None]
    grammar_score: NotRequired[float | None]
    topics: NotRequired[list[str] | None]
    vocabulary_learned: NotRequired[list[str] | None]
    areas_to_improve: NotRequired[list[str] | None]
    vocabulary_results: NotRequired[list[Outcome] | None]
    skills: NotRequired[list[SkillScore] | None]
    metadata: NotRequired[dict[str, Any] | None]
    completed_at: NotRequired[str | None]
    timezone: NotRequired[str | None]
    language: NotRequired[str | None]


class Heartbeat(TypedDict):
    """Generated: Heartbeat."""

    session_type: SessionType
    words_spoken: NotRequired[int | None]
    pronunciation_score: NotRequired[float | None]
    fluency_score: NotRequired[float | None]
    grammar_score: NotRequired[float | None]
    topics: NotRequired[list[str] | None]
    vocabulary_learned: NotRequired[list[str] | None]
    metadata: NotRequired[dict[str, Any] | None]
    timezone: NotRequired[str | None]
    language: NotRequired[str | None]
    started_at: str
    seq: int
    active_seconds: int


class Saved(TypedDict):
    """Generated: Saved."""

    session_type: str
    duration_seconds: int
    words_spoken: int
    pronunciation_score: float | None
    fluency_score: float | None
    grammar_score: float | None
    topics: list[str]
    vocabulary_learned: list[str]
    areas_to_improve: list[str]
    vocabulary_results: list[StoredOutcome]
    skills: list[StoredSkillScore]
    metadata: dict[str, Any]
    completed_at: str
    timezone: str
    language: str
    session_result_id: str
    user_id: str
    practiced_on: str
    created_at: str
    updated_at: str
    version: int
    achievements_unlocked: list[Achievement]
    streak: Streak


class StoredOutcome(TypedDict):
    """Generated: StoredOutcome."""

    word: str
    outcome: str


class StoredSkillScore(TypedDict):
    """Generated: StoredSkillScore."""

    skill: str
    score: float


class Achievement(TypedDict):
    """Generated: Achievement."""

    key: str
    title: str
    description: str
    category: str
    tier: str
    threshold: float
    value: float
    progress: float
    unlocked_at: str | None
    session_result_id: str | None


class Streak(TypedDict):
    """Generated: Streak."""

    current: int
    longest: int
    practiced_today: bool
    at_risk: bool
    ends_at: str | None
    last_practiced_on: str | None
    freezes: int


SavedSession: TypeAlias = "Saved"


class SavedBatch(TypedDict):
    """Generated: SavedBatch."""

    results: list[SavedItem]
    created: int
    replayed: int
    rejected: int


class SavedItem(TypedDict):
    """Generated: SavedItem."""

    index: int
    status: str
    session: NotRequired[SessionResult]
    problem: NotRequired[Problem]
    achievements_unlocked: NotRequired[list[Achievement]]
    streak: NotRequired[Streak]


class SessionResult(TypedDict):
    """Generated: SessionResult."""

    session_type: str
    duration_seconds: int
    words_spoken: int
    pronunciation_score: float | None
    fluency_score: float | None
    grammar_score: float | None
    topics: list[str]
    vocabulary_learned: list[str]
    areas_to_improve: list[str]
    vocabulary_results: list[StoredOutcome]
    skills: list[StoredSkillScore]
    metadata: dict[str, Any]
    completed_at: str
    timezone: str
    language: str
    session_result_id: str
    user_id: str
    practiced_on: str
    created_at: str
    updated_at: str
    version: int


Problem = TypedDict(
    "Problem",
    {
        "type": "str",
        "title": "str",
        "status": "int",
        "detail": "str",
        "errors": "NotRequired[list[Place]]",
        "violated-policies": "NotRequired[list[str]]",
    },
)


class Place(TypedDict):
    """Generated: Place."""

    detail: str
    pointer: NotRequired[str]
    parameter: NotRequired[str]
    header: NotRequired[str]


BatchAnswer: TypeAlias = "SavedBatch"


class Corrected(TypedDict):
    """Generated: Corrected."""

    session_type: str
    duration_seconds: int
    words_spoken: int
    pronunciation_score: float | None
    fluency_score: float | None
    grammar_score: float | None
    topics: list[str]
    vocabulary_learned: list[str]
    areas_to_improve: list[str]
    vocabulary_results: list[StoredOutcome]
    skills: list[StoredSkillScore]
    metadata: dict[str, Any]
    completed_at: str
    timezone: str
    language: str
    session_result_id: str
    user_id: str
    practiced_on: str
    created_at: str
    updated_at: str
    version: int
    achievements_unlocked: list[Achievement]


CorrectedSession: TypeAlias = "Corrected"


class History(TypedDict):
    """Generated: History."""

    sessions: list[SessionResult]
    total: int
    limit: int
    offset: int | None
    has_more: bool
    next_cursor: str | None


HistoryPage: TypeAlias = "History"


class LiveSessions(TypedDict):
    """Generated: LiveSessions."""

    sessions: list[LiveSession]
    interval: int


class LiveSession(TypedDict):
    """Generated: LiveSession."""

    session_type: str
    words_spoken: int
    pronunciation_score: float | None
    fluency_score: float | None
    grammar_score: float | None
    topics: list[str]
    vocabulary_learned: list[str]
    metadata: dict[str, Any]
    timezone: str
    language: str
    started_at: str
    seq: int
    active_seconds: int
    session_result_id: str
    state: str
    heartbeat_at: str
    resumable_until: str


class Stats(TypedDict):
    """Generated: Stats."""

    total_sessions: int
    total_duration: int
    total_words_spoken: int
    avg_pronunciation: float
    avg_fluency: float
    avg_grammar: float
    scored_sessions: ScoredSessions
    period: str
    period_start: str | None
    period_end: str
    sessions_by_type: dict[str, TypeFigures]
    improvement_trends: list[Trend]
    common_topics: list[TopicCount]
    areas_to_improve: list[AreaCount]
    previous: Previous | None


class ScoredSessions(TypedDict):
    """Generated: ScoredSessions."""

    pronunciation: int
    fluency: int
    grammar: int


class TypeFigures(TypedDict):
    """Generated: TypeFigures."""

    count: int
    avg_duration: int


class Trend(TypedDict):
    """Generated: Trend."""

    date: str
    pronunciation: float | None
    fluency: float | None
    grammar: float | None


class TopicCount(TypedDict):
    """Generated: TopicCount."""

    topic: str
    count: int


class AreaCount(TypedDict):
    """Generated: AreaCount."""

    area: str
    count: int


class Previous(TypedDict):
    """Generated: Previous."""

    total_sessions: int
    total_duration: int
    total_words_spoken: int
    avg_pronunciation: float
    avg_fluency: float
    avg_grammar: float
    scored_sessions: ScoredSessions
    period_start: str
    period_end: str


class Warmup(TypedDict):
    """Generated: Warmup."""

    language: str
    focus_areas: list[str]
    last_session_summary: LastSession | None
    based_on: BasedOn
    vocabulary_review: list[str]
    vocabulary_details: list[Review]
    focus_skills: list[FocusSkill]


class LastSession(TypedDict):
    """Generated: LastSession."""

    session_result_id: str
    session_type: str
    duration_seconds: int
    pronunciation_score: float | None
    fluency_score: float | None
    grammar_score: float | None
    areas_to_improve: list[str]
    completed_at: str
    created_at: str


BasedOn = TypedDict("BasedOn", {"from": "str", "to": "str", "sessions": "int"})


class Review(TypedDict):
    """Generated: Review."""

    word: str
    reason: str
    recall: float | None
    last_seen: str
    times_seen: int


class FocusSkill(TypedDict):
    """Generated: FocusSkill."""

    skill: str
    name: str
    reason: str
    explanation: str


class HistoryQuery(TypedDict):
    """Generated: HistoryQuery."""

    session_type: NotRequired[SessionType]
    topic: NotRequired[str]
    date_from: NotRequired[str]
    date_to: NotRequired[str]
    scenario_id: NotRequired[str]
    language: NotRequired[str]
    limit: NotRequired[int]
    offset: NotRequired[int]
    cursor: NotRequired[str]


StatsPeriod: TypeAlias = "Literal['day', 'week', 'month', 'year', 'all', 'this_week', 'last_week', 'this_month', 'last_month', 'this_year', 'last_year']"


class StatsQuery(TypedDict):
    """Generated: StatsQuery."""

    date_from: NotRequired[str]
    date_to: NotRequired[str]
    period: NotRequired[StatsPeriod]
    timezone: NotRequired[str]
    session_type: NotRequired[SessionType]
    language: NotRequired[str]


class WarmupQuery(TypedDict):
    """Generated: WarmupQuery."""

    timezone: NotRequired[str]
    language: NotRequired[str]


BatchItem: TypeAlias = "SavedItem"
