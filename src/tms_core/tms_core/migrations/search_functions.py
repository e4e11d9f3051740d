"""SQL functions that turn text into search words: version 2, of the migrations core_0006 and core_0010.

A later version needs a migration that creates the functions again and rewrites `task_search`.
"""

import sqlalchemy as sa

# A collation whose lower() covers Unicode, regardless of the database's: PostgreSQL's (since 17) or the C library's.
CASE_COLLATION = """
    SELECT quote_ident(collname) FROM pg_collation
    WHERE collname IN ('pg_c_utf8', 'C.utf8', 'C.UTF-8') AND collencoding IN (-1, 6)
    ORDER BY collname = 'pg_c_utf8' DESC, collname LIMIT 1
"""
# Ranges are explicit, because the classes of regular expressions depend on the locale.
SPACES = r"\u0009-\u000D\u0020"
# Controls, punctuation, currency signs, arrows and box drawing. Everything else belongs to words.
SEPARATORS = (
    r"\u0001-\u0008\u000E-\u001F\u0021-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00A9\u00AB-\u00B4\u00B6-\u00B9\u00BB-\u00BF"
    r"\u00D7\u00F7\u02C2-\u02DF\u037E\u0387\u055A-\u055F\u0589\u058A\u05BE\u05C0\u05C3\u05C6\u05F3\u05F4\u0600-\u060F"
    r"\u061B-\u061F\u066A-\u066D\u06D4\u0964\u0965\u0970\u0DF4\u0E4F\u0E5A\u0E5B\u0F04-\u0F14\u0F3A-\u0F3D\u104A-\u104F"
    r"\u10FB\u1360-\u1368\u1680\u16EB-\u16ED\u17D4-\u17DA\u1800-\u180A\u2000-\u206F\u20A0-\u20CF\u2190-\u25FF"
    r"\u27C0-\u2BFF\u2E00-\u2E7F\u2FF0-\u3004\u3008-\u3020\u3030\u303D\u30A0\u30FB\uA4FE\uA4FF\uFD3E\uFD3F\uFE10-\uFE19"
    r"\uFE30-\uFE6F\uFF00-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65\uFFE0-\uFFFF"
)
# Accents, vowel points of Hebrew and Arabic, tatweel, nukta, variation selectors, and invisible format characters.
MARKS = (
    r"\u00AD\u0300-\u036F\u0483-\u0487\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u065F"
    r"\u0670\u06D6-\u06ED\u093C\u09BC\u180B-\u180F\u1AB0-\u1AFF\u1DC0-\u1DFF\u200B-\u200F\u202A-\u202E\u2060-\u2069"
    r"\u20D0-\u20FF\uFE00-\uFE0F\uFE20-\uFE2F\uFEFF"
)
# Scripts without spaces between words, Hangul, and pictographs: Thai, Lao, Myanmar, Khmer, kana, bopomofo, Han.
UNSPACED = (
    r"\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u2600-\u27BF\u2E80-\u2FDF\u3005-\u3007\u3021-\u318F\u31A0-\u31FF"
    r"\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\U0001F000-\U0001FAFF\U00020000-\U0003FFFF"
)
APOSTROPHES = r"'\u2018\u2019\u201B\u02BC\uA78C\uFF07".replace("'", "''")
LETTERS_FROM = "øłđðħŧıςґىةیکךםןףץ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९"
LETTERS_TO = "olddhtiσгيهيكכמנפצ012345678901234567890123456789"
# Where a word changes between lower and upper case, or letters and digits, or has an apostrophe.
BOUNDARY = rf"[a-z][A-Z0-9]|[A-Z][0-9]|[0-9][A-Za-z]|[A-Z][A-Z][a-z]|[^{SPACES}][{APOSTROPHES}][^{SPACES}]"
AT_BOUNDARY = rf"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[0-9]|[A-Z][a-z])|(?<=[0-9])(?=[A-Za-z])|[{APOSTROPHES}]"
# A word with an apostrophe and one of the other boundaries.
CASE_AFTER_APOSTROPHE = rf"[{APOSTROPHES}][^{SPACES}]*(?:[a-z][A-Z0-9]|[A-Z][0-9]|[0-9][A-Za-z]|[A-Z][A-Z][a-z])"
# Words joined by punctuation: addresses, paths, versions, identifiers.
JOINED = rf"[^{SPACES}{SEPARATORS}][!-&(-/:-@\\[-`{{-~]+[^{SPACES}{SEPARATORS}]"
# Longer words are cut, also in searches.
MAX_WORD = 200
# Bounds the cost of long identifiers.
MAX_PARTS = 300

FUNCTIONS = (
    # Folds case, accents, width, ligatures and digits.
    """CREATE OR REPLACE FUNCTION search_fold(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    DECLARE
        folded text := regexp_replace(lower(normalize(value, NFKD) COLLATE {collation}), '[{MARKS}]+', '', 'g');
    BEGIN
        folded := translate(folded, '{LETTERS_FROM}', '{LETTERS_TO}');
        folded := replace(replace(replace(replace(folded, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        RETURN normalize(folded, NFC);
    END $$""",
    # Makes overlapping pairs of characters of scripts without spaces: «会議室» becomes «会議 議室 室».
    """CREATE OR REPLACE FUNCTION search_pairs(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    BEGIN
        RETURN (
            SELECT string_agg(CASE
                WHEN NOT is_unspaced THEN this
                WHEN is_unspaced_next THEN ' ' || this || next || ' '
                ELSE ' ' || this || ' ' END, '' ORDER BY place)
            FROM (
                SELECT *, lead(this) OVER places AS next, lead(is_unspaced) OVER places AS is_unspaced_next
                FROM (
                    SELECT this, place, this ~ '[{UNSPACED}]' AS is_unspaced
                    FROM string_to_table(value, NULL) WITH ORDINALITY AS characters (this, place)
                ) AS marked
                WINDOW places AS (ORDER BY place)
            ) AS pairs
        );
    END $$""",
    # Returns the folded words of a text, with a space before and after each.
    """CREATE OR REPLACE FUNCTION search_words(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    DECLARE
        words text;
    BEGIN
        IF octet_length(value) = length(value) THEN
            words := replace(lower(value), '''', '');
        ELSE
            -- Folding makes apostrophes: «ŉ» becomes «ʼn».
            words := regexp_replace(search_fold(value), '[{APOSTROPHES}]+', '', 'g');
            IF words ~ '[{UNSPACED}]' THEN
                words := search_pairs(words);
            END IF;
        END IF;
        words := regexp_replace(
            ' ' || words || ' ', ' ?[{SEPARATORS}\\u0009-\\u000D][{SEPARATORS}{SPACES}]*|  +', ' ', 'g');
        IF length(words) > {MAX_WORD} AND words ~ '[^ ]{{{MAX_WORD}}}' THEN
            words := regexp_replace(words, '([^ ]{{{MAX_WORD}}})[^ ]+', '\\1', 'g');
        END IF;
        RETURN words;
    END $$""",
    # Returns the parts of compounds that are no words by themselves: «foo» of «libfoo-bar», «hub» of «GitHub», «1» of
    # «v1».
    """CREATE OR REPLACE FUNCTION search_parts(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    DECLARE
        compounds text;
        parts text := ' ';
    BEGIN
        IF value ~ '{BOUNDARY}' THEN
            SELECT string_agg(compound[1], ' ') INTO compounds
            FROM regexp_matches(value, '[^{SPACES}]*(?:{BOUNDARY})[^{SPACES}]*', 'g') AS compound;
            parts := search_words(regexp_replace(compounds, '{AT_BOUNDARY}', ' ', 'g'));
            -- «iPhone» of «l'iPhone», besides its parts.
            IF compounds ~ '{CASE_AFTER_APOSTROPHE}' THEN
                parts := rtrim(parts) || search_words(regexp_replace(compounds, '[{APOSTROPHES}]', ' ', 'g'));
            END IF;
        END IF;
        IF value ~ '{JOINED}' THEN
            SELECT string_agg(compound[1], ' ') INTO compounds
            FROM regexp_matches(value, '[^{SPACES}]*(?:{JOINED})[^{SPACES}]*', 'g') AS compound;
            SELECT parts || coalesce(string_agg(part, ' '), '') || ' ' INTO parts FROM (
                SELECT substr(word, place) AS part
                FROM string_to_table(search_words(compounds), ' ') AS word,
                    generate_series(2, least(length(word), 40) - 2) AS place
                WHERE word >= 'a' LIMIT {MAX_PARTS}
            ) AS suffixes;
        END IF;
        RETURN parts;
    END $$""",
    # Returns the words of a task: those of the title after «=», of the description, the parts in the title after «~»,
    # and the parts in the description; two spaces separate the sections.
    """CREATE OR REPLACE FUNCTION task_search_words(title text, description text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    DECLARE
        words text := replace(rtrim(search_words(title)), ' ', ' =') || ' ' || search_words(description);
        parts text := rtrim(search_parts(title));
    BEGIN
        IF parts <> '' THEN
            words := words || replace(parts, ' ', ' ~') || ' ';
        END IF;
        RETURN words || search_parts(description);
    END $$""",
    # Every word also without its mark. The cost lets the planner prefer the index to computing this for each row;
    # parallel workers would compute it for many more rows than a page needs.
    """CREATE OR REPLACE FUNCTION search_vector(words text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED COST 300 AS $$
    BEGIN
        RETURN array_to_tsvector(
            array_remove(string_to_array(words || translate(words, '=~', ''), ' '), ''));
    END $$""",
    # The row may exist already, for example after a restored backup of one table.
    """CREATE OR REPLACE FUNCTION write_task_search() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO task_search (task_id, words) VALUES (NEW.id, task_search_words(NEW.title, NEW.description))
        ON CONFLICT (task_id) DO UPDATE SET words = excluded.words;
        RETURN NULL;
    END $$""",
    """CREATE OR REPLACE FUNCTION delete_task_search() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM task_search WHERE task_id = OLD.id;
        RETURN NULL;
    END $$""",
)
DROP_FUNCTIONS = (
    "DROP FUNCTION write_task_search(), delete_task_search(), search_vector(text), task_search_words(text, text), "
    "search_parts(text), search_words(text), search_pairs(text), search_fold(text)",
)


def create_functions(connection: sa.Connection) -> list[str]:
    """Return the statements that create the functions, with a collation that this server has."""
    collation = connection.scalar(sa.text(CASE_COLLATION)) or '"default"'
    texts = {name: value for name, value in globals().items() if name.isupper() and isinstance(value, str | int)}
    return [statement.format(**texts, collation=collation) for statement in FUNCTIONS]
