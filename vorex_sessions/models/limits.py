"""What a session result may hold; the contract's limits. The first release's columns have CHECKs for them."""

import language_tags

SESSION_TYPES = ("conversation", "pronunciation", "roleplay")
LARGEST_DURATION = 86_400  # seconds
LARGEST_WORDS = 100_000
MOST_TOPICS, TOPIC_LENGTH = 50, 200
MOST_VOCABULARY, WORD_LENGTH = 500, 100
MOST_SKILLS = 50
OUTCOMES = ("again", "hard", "good", "easy")
LANGUAGE_LENGTH = language_tags.LONGEST
FINGERPRINT_BYTES = 16
