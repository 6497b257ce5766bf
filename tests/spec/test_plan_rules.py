"""A collection plan states purpose, scope, method and time, in words that the policy knows (C-01, C-04, C-10, C-13-16).

Each case changes one thing in an approved plan and reads what `tutela plan check` says about it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.errors import PolicyError, UnknownPlan
from pipelines.policy import check_plan, load_policy

POLICY = Path(__file__).parents[2] / "policy"
COUNTER, PARTNER = "counter_customers", "partner_enterprises"


def checked(tmp_path, plan, *changes):
    text = (POLICY / "plans" / f"{plan}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / f"{plan}.yaml"
    path.write_text(text, encoding="utf-8")
    return check_plan(path, POLICY), text


REFUSED = {
    "a card verification code may never be collected": (
        COUNTER, "item: bank_card", "item: card_verification_code", "card_verification_code", "remove the field"),
    "a PIN may never be collected": (
        COUNTER, "item: bank_card", "item: pin", "may never be collected", "remove"),
    "a password may never be collected": (
        COUNTER, "item: bank_card", "item: password", "never be collected", "remove"),
    "a password may not come under another item either": (
        COUNTER, "[职业]", "[职业, 登录密码]", "`登录密码` is payment authentication data", "remove"),
    "religion may never be collected": (
        COUNTER, "item: occupation", "item: religion", "never be collected", "remove"),
    "an unknown item is named with the one probably meant": (
        COUNTER, "item: mobile", "item: mobil", "there is no item `mobil`", "did you mean `mobile`?"),
    "an unknown purpose is named with the one probably meant": (
        COUNTER, "[account_service]", "[acount_service]", "no purpose `acount_service`", "`account_service`?"),
    "a purpose that no notice tells may not be pursued": (
        COUNTER, "[account_service]", "[account_service, marketing]", "no notice of the plan tells", "add a notice"),
    "an unknown notice is refused": (
        COUNTER, "N-COUNTER-2", "N-COUNTER-3", "no notice `N-COUNTER-3`", "did you mean"),
    "a notice of another channel is refused": (
        COUNTER, "N-COUNTER-2", "N-WEB-2", "channel `web`", "plan's channel"),
    "consent without any notice is no consent": (
        COUNTER, "notices: [N-COUNTER-1, N-COUNTER-2]", "notices: []", "must name at least one notice", "correct"),
    "an unknown retention class is refused": (
        COUNTER, "R-REL", "R-RELL", "no retention class", "`R-REL`?"),
    "the class of quarantined rows is for those alone": (
        COUNTER, "R-REL", "QUARANTINE", "rows that wait for a steward", "R-REL"),
    "a third party must be named": (
        PARTNER, "partner: hexin_data\n", "", "no `partner` is named", "C-10"),
    "an unknown partner is refused": (
        PARTNER, "hexin_data", "hexin_dat", "no partner `hexin_dat`", "`hexin_data`?"),
    "direct collection has no partner": (
        COUNTER, "retention: R-REL", "retention: R-REL\npartner: hexin_data", "has no partner", "remove"),
    "a missing part of the plan is told": (
        COUNTER, "goal: {zh: 开立并维护客户账户, en: Open and keep customer accounts}\n", "",
        "`goal` is missing", "add"),
    "a field needs a reason": (
        COUNTER, "necessity: Names the contracting party", 'necessity: " "', "necessity` is blank", "fill it in"),
    "a misspelt key is named with the one probably meant": (
        COUNTER, "legal_basis:", "legal_bases:", "`legal_bases` is not a known key", "did you mean `legal_basis`?"),
    "a word outside a fixed list is named with the one probably meant": (
        COUNTER, "identifies: strong", "identifies: stron", "`stron`", "did you mean `strong`?"),
    "free text needs a decision": (
        COUNTER, ", free_text: raise", "", "is free text", "free_text: raise"),
    "free text knows three decisions": (
        COUNTER, "free_text: raise", "free_text: keep", "`keep`", "use one of"),
    "an item without an index can't identify": (
        COUNTER, "item: occupation,", "item: occupation, identifies: weak,", "has no blind index", "index: exact"),
    "a person's number does not identify an enterprise": (
        PARTNER, "item: person_name,", "item: person_name, identifies: strong,", "subject (`enterprise`)", "none"),
    "two fields of one name are refused": (
        COUNTER, "name: email,", "name: mobile,", "two fields `mobile`", "rename"),
    "two fields under one heading are refused": (
        COUNTER, "[职业]", "[备注]", "the heading `备注`", "one column only"),
    "a heading of consent belongs to consent": (
        COUNTER, "[职业]", "[同意时间]", "also one of `consent_at`", "one column"),
    "a column of consent can't be a field": (
        COUNTER, "name: occupation", "name: consent_at", "already", "another name"),
    "the steward does not approve the own plan": (
        COUNTER, "by: leader", "by: steward", "own steward", "another person"),
    "a plan can't end before it begins": (
        COUNTER, "until: 2027-12-31", "until: 2019-12-31", "before `from`", "correct"),
    "a day that is not on the calendar is told": (
        COUNTER, "2027-12-31", "2027-02-30", "is not a date", "check"),
    "a schedule is cron or a preset": (
        COUNTER, '"0 1 * * *"', '"every night"', "neither five cron fields", "correct"),
    "only collecting departments own plans": (
        COUNTER, "department: sales", "department: finance", "`finance`", "use one of"),
    "a file pattern can't leave its folder": (
        COUNTER, '"counter_*"', '"../counter_*"', "pattern", "form"),
    "the file is called like the plan": (
        COUNTER, "plan: counter_customers", "plan: counter", "is in `counter_c", "alike"),
    "a duplicate key is refused": (
        COUNTER, "version: 1", "version: 1\nversion: 2", "stands here twice", "check"),
    "an alias is refused": (
        COUNTER, "[account_service]", "&x [account_service]\nmore: *x", "aliases", "write the value"),
    "a tag builds nothing": (
        COUNTER, "version: 1", "version: !!python/name:os.system 1", "tags are not", "check"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_a_plan_is_refused_with_line_reason_and_remedy(tmp_path, case):
    plan, old, new, message, hint = case
    problems, text = checked(tmp_path, plan, (old, new))
    found = [problem for problem in problems if message in problem.message]
    assert found, problems
    assert hint in found[0].hint
    assert found[0].file == f"{plan}.yaml"
    assert 1 <= found[0].line <= text.count("\n") + 1


def test_a_weak_identifier_is_enough(tmp_path):
    assert checked(tmp_path, COUNTER, ("identifies: strong", "identifies: none"))[0] == []


def test_a_plan_that_identifies_nobody_is_refused(tmp_path):
    problems, _ = checked(
        tmp_path, COUNTER, ("identifies: strong", "identifies: none"), ("identifies: weak", "identifies: none")
    )
    assert ["nobody could find" in problem.message for problem in problems] == [True]


def test_the_line_of_a_problem_is_the_line_of_the_field(tmp_path):
    problems, text = checked(tmp_path, COUNTER, ("item: bank_card", "item: pin"))
    assert text.splitlines()[problems[0].line - 1].strip().startswith("- {name: bank_card")


def test_all_problems_are_told_at_once(tmp_path):
    problems, _ = checked(
        tmp_path, COUNTER,
        ("item: mobile", "item: mobil"), ("R-REL", "R-RELL"),
        ("N-COUNTER-2", "N-COUNTR-2"), ("version: 1", "version: x"),
    )  # fmt: skip
    assert len(problems) == 4
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)


@pytest.mark.parametrize("plan", sorted(path.stem for path in (POLICY / "plans").glob("*.yaml")))
def test_every_plan_of_the_repository_is_in_order(plan):
    assert check_plan(POLICY / "plans" / f"{plan}.yaml", POLICY) == []


def test_every_plan_states_goal_scope_method_and_time():
    for plan in load_policy(POLICY).plans.values():
        assert plan.goal.zh
        assert plan.fields
        assert plan.channel
        assert plan.valid.since < plan.valid.until


def test_an_unknown_plan_is_named_with_the_one_probably_meant():
    with pytest.raises(UnknownPlan, match=r"did you mean `counter_customers`\?") as caught:
        load_policy(POLICY).plan("counter_customer")
    assert caught.value.exit_code == 10


def test_a_mistake_in_a_plan_stops_the_whole_policy(tmp_path):
    shutil.copytree(POLICY, tmp_path / "policy")
    path = tmp_path / "policy" / "plans" / "counter_customers.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("item: mobile", "item: mobil"), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"counter_customers.yaml:\d+: there is no item `mobil`; did you mean"):
        load_policy(tmp_path / "policy")


def test_a_published_notice_is_never_reworded(tmp_path):
    shutil.copytree(POLICY, tmp_path / "policy")
    path = tmp_path / "policy" / "notices.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("不作他用", "也作他用"), encoding="utf-8")
    with pytest.raises(PolicyError, match="never reworded"):
        load_policy(tmp_path / "policy")


def test_a_notice_leaves_no_part_blank(tmp_path):
    shutil.copytree(POLICY, tmp_path / "policy")
    path = tmp_path / "policy" / "notices.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "      rights: 您可以查询、更正、删除您的信息", '      rights: ""\n      x: ', 1
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"notices.yaml:\d+: `notices.N-COUNTER-1.zh.rights` is blank"):
        load_policy(tmp_path / "policy")


def test_payment_authentication_is_in_the_taxonomy_only_to_be_refused():
    items = load_policy(POLICY).taxonomy.items
    for name in ("card_verification_code", "card_track", "pin", "password", "one_time_code"):
        assert (items[name].level, items[name].collect, items[name].index) == (5, "never", "none")
