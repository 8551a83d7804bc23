"""PostgreSQL functions: each call of the contract as one statement, so that it is atomic and takes one round trip.

Each statement is a transaction of its own: whoever is cancelled or killed leaves none open. What must not change
between reading and writing is guarded by a lock that ends with the statement (`guard`, a hash of the name). Keys and
tags are bytes, so any text is one. Times are whole microseconds by the clock of PostgreSQL, which a test may stop.
"""

from functools import cache
from typing import List

MICROS = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
NOW = f"coalesce($1::bigint, {MICROS})"
IS_THERE = f"(ends IS NULL OR ends > {NOW})"


@cache
def filled(statement: str, schema: str) -> str:
    """One of the statements below, for a schema."""
    return statement.format(s=schema, micros=MICROS, now=NOW, is_there=IS_THERE)


# What is missing is found by the last one made. A function that changes gets another name: older programs go on.
IS_SET_UP = "SELECT to_regprocedure('{s}.forget_1(bigint, bytea)') IS NOT NULL"
HAS_SCHEMA = "SELECT to_regnamespace('{s}') IS NOT NULL"
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(5567418213942217041)"

TABLES = """
CREATE SEQUENCE IF NOT EXISTS {s}.number;
CREATE TABLE IF NOT EXISTS {s}.entry (
  key bytea PRIMARY KEY, value bytea NOT NULL, version bigint NOT NULL, ends bigint, tags bytea[]
);
CREATE INDEX IF NOT EXISTS entry_ends ON {s}.entry (ends) WHERE ends IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_tags ON {s}.entry USING gin (tags) WHERE tags IS NOT NULL;
CREATE TABLE IF NOT EXISTS {s}.counted (
  name bytea PRIMARY KEY, ends bigint[] NOT NULL, worth numeric[] NOT NULL, over bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS counted_over ON {s}.counted (over);
CREATE TABLE IF NOT EXISTS {s}.lease (key bytea PRIMARY KEY, fence bigint NOT NULL, ends bigint NOT NULL);
CREATE INDEX IF NOT EXISTS lease_ends ON {s}.lease (ends);
"""

ADD = """
CREATE OR REPLACE FUNCTION {s}.add_1(
  p_now bigint, p_key bytea, p_amount bigint, p_ttl bigint, p_most bigint, OUT total numeric, OUT problem text
) LANGUAGE plpgsql AS $$
DECLARE
  v_now bigint;
  v_known text;
  v_ends bigint;
BEGIN
  LOOP
    SELECT encode(value, 'escape'), ends INTO v_known, v_ends FROM {s}.entry WHERE key = p_key FOR UPDATE;
    v_now := coalesce(p_now, {micros});
    total := p_amount;
    IF FOUND THEN
      IF v_ends <= v_now THEN
        v_ends := v_now + p_ttl;
      ELSIF v_known !~ '^-?[0-9]{{1,40}}$' THEN
        problem := 'no number';
        RETURN;
      ELSE
        total := total + v_known::numeric;
      END IF;
      IF abs(total) > p_most THEN
        problem := 'too large';
        RETURN;
      END IF;
      UPDATE {s}.entry SET value = convert_to(total::text, 'UTF8'), version = nextval('{s}.number'), ends = v_ends
        WHERE key = p_key;
      RETURN;
    END IF;
    IF abs(total) > p_most THEN
      problem := 'too large';
      RETURN;
    END IF;
    INSERT INTO {s}.entry (key, value, version, ends)
      VALUES (p_key, convert_to(total::text, 'UTF8'), nextval('{s}.number'), v_now + p_ttl) ON CONFLICT DO NOTHING;
    IF FOUND THEN
      RETURN;
    END IF;
    -- Somebody made it a moment ago: what they made is added to.
  END LOOP;
END $$;
"""

# Its state: for each call that still counts, when its window ends and what it was worth; otherwise one number, and when
# it was right. The backlog of gcra is in parts of a microsecond, `limit` of them, so that nothing is ever rounded.
# What would last longer than two windows is of a clock that was set back since, and is forgotten.
# `over`, which is indexed, is a whole minute, so that most writes need not touch the index.
HIT = """
CREATE OR REPLACE FUNCTION {s}.hit_1(
  p_now bigint, p_name bytea, p_guard bigint, p_algorithm text, p_limit bigint, p_window bigint, p_cost bigint,
  OUT allowed boolean, OUT remaining bigint, OUT reset bigint, OUT retry bigint
) LANGUAGE plpgsql AS $$
DECLARE
  v_now bigint;
  v_ends bigint[];
  v_worth numeric[];
  v_used numeric;
  v_all numeric := p_window::numeric * p_limit;
  v_excess numeric;
BEGIN
  -- A server that breaks down may forget the last moment of counting; waiting for its disk would cost every call.
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM pg_advisory_xact_lock(p_guard);
  v_now := coalesce(p_now, {micros});
  SELECT ends, worth INTO v_ends, v_worth FROM {s}.counted WHERE name = p_name;
  IF p_algorithm = 'fixed_window' THEN
    IF v_ends IS NULL OR v_now >= v_ends[1] OR v_ends[1] > v_now + 2 * p_window THEN
      v_ends := ARRAY[v_now + p_window];
      v_worth := ARRAY[0::numeric];
    END IF;
    allowed := v_worth[1] + p_cost <= p_limit;
    v_worth[1] := v_worth[1] + CASE WHEN allowed THEN p_cost ELSE 0 END;
    remaining := p_limit - v_worth[1];
    reset := v_ends[1] - v_now;
    retry := reset;
  ELSIF p_algorithm = 'gcra' THEN
    v_used := greatest(coalesce(v_worth[1] - (v_now - v_ends[1])::numeric * p_limit, 0), 0);
    v_used := CASE WHEN v_used > 2 * v_all THEN 0 ELSE v_used END;
    v_excess := v_used + p_cost::numeric * p_window - v_all;
    allowed := v_excess <= 0;
    v_used := v_used + CASE WHEN allowed THEN p_cost::numeric * p_window ELSE 0 END;
    v_ends := ARRAY[v_now];
    v_worth := ARRAY[v_used];
    remaining := div(v_all - v_used, p_window);
    reset := div(v_used + p_limit - 1, p_limit);
    retry := div(greatest(v_excess, 0) + p_limit - 1, p_limit);
  ELSE
    SELECT array_agg(e ORDER BY i), array_agg(w ORDER BY i), coalesce(sum(w), 0) INTO v_ends, v_worth, v_used
      FROM unnest(v_ends, v_worth) WITH ORDINALITY AS passed (e, w, i)
      WHERE e > v_now AND e <= v_now + 2 * p_window;
    v_excess := v_used + p_cost - p_limit;
    allowed := v_excess <= 0;
    IF allowed THEN
      v_ends := v_ends || (v_now + p_window);
      v_worth := v_worth || p_cost::numeric;
      v_used := v_used + p_cost;
    END IF;
    remaining := p_limit - v_used;
    reset := coalesce(v_ends[cardinality(v_ends)] - v_now, 0);
    SELECT coalesce(min(e) - v_now, p_window) INTO retry FROM (
      SELECT e, sum(w) OVER (ORDER BY i) AS freed FROM unnest(v_ends, v_worth) WITH ORDINALITY AS passed (e, w, i)
    ) AS calls WHERE freed >= v_excess;
  END IF;
  IF allowed THEN
    retry := 0;
    INSERT INTO {s}.counted AS c (name, ends, worth, over)
      VALUES (p_name, v_ends, v_worth, ((v_now + reset) / 60000000 + 1) * 60000000)
      ON CONFLICT (name) DO UPDATE SET ends = excluded.ends, worth = excluded.worth, over = excluded.over;
  END IF;
END $$;
"""

# gives the fence, or how long until it is free (negative)
ACQUIRE = """
CREATE OR REPLACE FUNCTION {s}.acquire_1(p_now bigint, p_key bytea, p_guard bigint, p_ttl bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_now bigint;
  v_ends bigint;
  v_fence bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(p_guard);
  v_now := coalesce(p_now, {micros});
  SELECT ends INTO v_ends FROM {s}.lease WHERE key = p_key;
  IF v_ends > v_now THEN
    RETURN v_now - v_ends;
  END IF;
  v_fence := nextval('{s}.number');
  INSERT INTO {s}.lease (key, fence, ends) VALUES (p_key, v_fence, v_now + p_ttl)
    ON CONFLICT (key) DO UPDATE SET fence = excluded.fence, ends = excluded.ends;
  RETURN v_fence;
END $$;
"""

SWEEP = """
CREATE OR REPLACE FUNCTION {s}.sweep_1(p_now bigint, p_most integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now bigint := coalesce(p_now, {micros});
BEGIN
  DELETE FROM {s}.entry WHERE key IN (
    SELECT key FROM {s}.entry WHERE ends <= v_now ORDER BY ends LIMIT p_most FOR UPDATE SKIP LOCKED
  );
  DELETE FROM {s}.counted WHERE name IN (
    SELECT name FROM {s}.counted WHERE over <= v_now ORDER BY over LIMIT p_most FOR UPDATE SKIP LOCKED
  );
  DELETE FROM {s}.lease WHERE key IN (
    SELECT key FROM {s}.lease WHERE ends <= v_now ORDER BY ends LIMIT p_most FOR UPDATE SKIP LOCKED
  );
END $$;
"""

# Twice: what is written while the first time waits for somebody is found the second time; and what is written after
# that had its mark (`caching/shelf.py`) taken away by the first. In one order, so that two do not wait for each other.
FORGET = """
CREATE OR REPLACE FUNCTION {s}.forget_1(p_now bigint, p_tag bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_now bigint := coalesce(p_now, {micros});
  v_gone bigint;
  v_all bigint := 0;
BEGIN
  FOR v_turn IN 1..2 LOOP
    WITH gone AS (
      DELETE FROM {s}.entry WHERE key IN (
        SELECT key FROM {s}.entry WHERE tags @> ARRAY[p_tag] ORDER BY key FOR UPDATE
      ) RETURNING ends
    ) SELECT count(*) INTO v_gone FROM gone WHERE ends IS NULL OR ends > v_now;
    v_all := v_all + v_gone;
  END LOOP;
  RETURN v_all;
END $$;
"""


def everything() -> List[str]:
    """What makes all this, in this order; what is there already stays."""
    return [*filter(str.strip, TABLES.split(";")), ADD, HIT, ACQUIRE, SWEEP, FORGET]


# The calls; $1 is the time, or NULL for the clock ---------------------------------------------------------------------

GET = "SELECT value, version FROM {s}.entry WHERE key = $2 AND {is_there}"
# key, value, ttl, tags
WRITE = """
INSERT INTO {s}.entry AS old (key, value, version, ends, tags)
VALUES ($2, $3, nextval('{s}.number'), {now} + $4::bigint, $5) ON CONFLICT (key) DO UPDATE
SET value = excluded.value, version = excluded.version, ends = excluded.ends, tags = excluded.tags
"""
SET = WRITE + "RETURNING version"
SET_NEW = WRITE + "WHERE old.ends <= {now} RETURNING version"
SET_VERSION = """
UPDATE {s}.entry SET value = $3, version = nextval('{s}.number'), ends = {now} + $4::bigint, tags = NULL
WHERE key = $2 AND version = $5 AND {is_there} RETURNING version
"""
DELETE = """
DELETE FROM {s}.entry WHERE key = $2 AND ($3::bigint IS NULL OR version = $3) AND {is_there} RETURNING true
"""
CALL_ADD = "SELECT total, problem FROM {s}.add_1($1, $2, $3, $4, $5)"
CALL_FORGET = "SELECT {s}.forget_1($1, $2)"
CALL_HIT = "SELECT allowed, remaining, reset, retry FROM {s}.hit_1($1, $2, $3, $4, $5, $6, $7)"
CALL_ACQUIRE = "SELECT {s}.acquire_1($1, $2, $3, $4)"
RENEW = """
UPDATE {s}.lease SET ends = {now} + $4::bigint WHERE key = $2 AND fence = $3 AND ends > {now} RETURNING true
"""
RELEASE = "DELETE FROM {s}.lease WHERE key = $2 AND fence = $3 AND ends > {now} RETURNING true"
CALL_SWEEP = "SELECT {s}.sweep_1($1, $2)"
