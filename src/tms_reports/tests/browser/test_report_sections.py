"""The sections of the reports besides the overview: charts over time, jobs and schedules."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tms_core.celery import use
from tms_reports.jobs.running import Attempt, JobRunner
from tms_reports.models import ReportJob
from tms_reports.tasks import run_job

JOBS = "**/api/task-report-insight/jobs*"


@pytest.fixture
def runtime_of_worker(_system):
    """The runtime of this process as a worker."""
    use(_system[0])
    return _system[0]


@pytest.fixture
def run_jobs(runtime_of_worker, ann):
    """Runs what waits for ann, in this process as a worker does."""
    runtime = runtime_of_worker

    def run() -> None:
        with runtime.transaction() as session:
            waiting = session.scalars(select(ReportJob.id).where(ReportJob.user_id == ann.id)).all()
        for job_id in waiting:
            run_job(job_id)

    return run


def numbers_of(page: Page, label: str) -> dict[str, str]:
    """What the legend of a line chart says of the chosen day."""
    entries = page.get_by_role("slider", name=label).locator("xpath=preceding-sibling::ul").get_by_role("listitem")
    return dict(text.split() for text in entries.all_inner_texts()[1:])


def rows_of(page: Page, download) -> list[dict[str, str]]:
    with page.expect_download() as found:
        download()
    return list(csv.DictReader(Path(found.value.path()).read_text("utf-8-sig").splitlines()))


def test_trend_and_burndown_follow_changes_and_have_a_table(
    page, sign_in, ann, client, many_tasks, day, check_accessibility
):
    sign_in(page, ann, "/reports/trend?days=7")
    flows = "Created and completed per day"
    expect(page.get_by_text("8 created")).to_be_visible()
    assert numbers_of(page, flows) == {"Created": "8", "Completed": "1"}

    assert client.post("/api/task", data={"title": "Another", "status": "COMPLETED"}).ok
    expect(page.get_by_text("9 created, 2 completed; 6 are open now.")).to_be_visible()
    slider = page.get_by_role("slider", name=flows)
    slider.press("ArrowLeft")
    assert numbers_of(page, flows) == {"Created": "0", "Completed": "0"}
    expect(slider).to_have_attribute("aria-valuenow", "6")

    page.get_by_text("Show as a table").first.click()
    expect(page.get_by_role("table", name=flows).get_by_role("row")).to_have_count(8)
    check_accessibility(page)
    page.get_by_role("table", name=flows).get_by_role("link", name="Created").click()
    expect(page).to_have_url(re.compile(rf"/tasks\?created={day(0)}\.\.{day(0)}$"))
    expect(page.locator(".task-row[data-id]")).to_have_count(9)
    page.get_by_role("button", name="Remove filter Created").click()
    expect(page).to_have_url(re.compile(r"/tasks$"))
    page.go_back()
    page.go_back()
    page.get_by_label("From").fill(day(-2))
    expect(page).to_have_url(re.compile(rf"days=7.*from={day(-2)}|from={day(-2)}.*days=7"))
    expect(page.get_by_role("slider", name="Burndown")).to_have_attribute("aria-valuemax", "3")


def test_workload_and_age_open_their_lists_and_can_be_saved(page, sign_in, ann, many_tasks, check_accessibility):
    sign_in(page, ann, "/reports/workload?priority=MEDIUM,URGENT")
    bob = page.get_by_role("row", name=many_tasks.username)
    expect(bob.get_by_role("link")).to_have_text(["2", "1", "1"])
    check_accessibility(page)

    def save() -> None:
        page.get_by_role("button", name="Export: Workload").click()
        page.get_by_role("menuitem", name="CSV").click()

    assert {row["assigned_to"]: row["open"] for row in rows_of(page, save)}[many_tasks.username] == "2"
    bob.get_by_role("link", name="Overdue").click()
    expect(page.get_by_role("button", name="Remove filter Priority")).to_be_visible()
    expect(page.locator(".task-row[data-id]")).to_have_count(1)

    page.go_back()
    expect(bob).to_be_visible()
    page.get_by_role("link", name="Flow").click()
    expect(page.get_by_role("table", name="From creation").get_by_role("row", name="Medium")).to_contain_text("1")
    check_accessibility(page)
    expect(page.get_by_role("table", name="By age").get_by_role("link")).to_have_text(["5"])
    page.get_by_role("link", name="In a week").click()
    expect(page.get_by_role("complementary").get_by_label("Title")).to_have_value("In a week")


def test_numbers_of_the_past_open_their_tasks(page, sign_in, ann, many_tasks, day, check_accessibility):
    sign_in(page, ann, "/reports/trend?days=7&priority=MEDIUM")
    page.get_by_role("link", name="1 completed").click()
    expect(page).to_have_url(re.compile(rf"/reports/tasks/trend\?number=completed&from={day(-6)}.*priority=MEDIUM"))
    table = page.get_by_role("table", name="Completed tasks")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table.get_by_role("row", name="Late but done")).to_contain_text("Completed")
    expect(page.get_by_text("Medium")).to_be_visible()
    check_accessibility(page)

    page.goto(f"{page.url.partition('/reports')[0]}/reports/tasks/trend?number=scope&page_size=5&from={day(0)}")
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(6)
    expect(page.get_by_role("status").filter(has_text="5 of 8")).to_be_visible()
    page.get_by_role("button", name="Show more").press("Enter")
    expect(rows).to_have_count(9)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    page.set_viewport_size({"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    check_accessibility(page)

    page.get_by_role("link", name="In a week").click()
    expect(page.get_by_role("complementary").get_by_label("Title")).to_have_value("In a week")
    page.go_back()
    page.get_by_role("link", name="Trend").click()
    page.get_by_role("link", name="Flow").click()
    page.get_by_role("table", name="From creation").get_by_role("link", name="Medium: 1 task").click()
    expect(page.get_by_role("table", name="Cycle time").get_by_role("row", name="Late but done")).to_be_visible()

    page.goto(f"{page.url.partition('/reports')[0]}/reports/tasks/trend?number=reopened")
    expect(page.get_by_role("heading", name="No tasks here")).to_be_visible()


def test_a_job_is_followed_to_its_result(page, sign_in, ann, client, many_tasks, run_jobs, check_accessibility):
    sign_in(page, ann, "/reports/jobs?priority=URGENT")
    page.get_by_label("Report", exact=True).select_option(label="Trend")
    page.get_by_role("button", name="Start").click()
    job = page.get_by_role("listitem", name="Trend")
    expect(job.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_disabled()
    check_accessibility(page)

    run_jobs()
    expect(job).to_contain_text("Done")
    rows = rows_of(page, job.get_by_role("button", name="Download: Trend").click)
    assert (len(rows), rows[-1]["created"]) == (30, "1")

    page.get_by_role("button", name="Start").click()
    page.get_by_role("listitem", name="Trend").first.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("listitem", name="Trend").first).to_contain_text("Cancelled")
    job.last.get_by_role("button", name="Delete: Trend").click()
    expect(job).to_have_count(1)


def test_the_progress_of_a_job_is_pushed(page, sign_in, ann, runtime_of_worker):
    sign_in(page, ann, "/reports/jobs")
    page.get_by_role("button", name="Start").click()
    shown = page.get_by_role("listitem", name="Overview").get_by_role("progressbar")
    expect(shown).to_be_visible()
    # What is pushed before is lost; the page would ask.
    expect(page.get_by_role("button", name=re.compile("^Live"))).to_be_visible()
    # Requests for jobs are answered late, or not at all.
    held = []
    page.route(JOBS, lambda route: held.append((route, route.fetch())))

    with runtime_of_worker.transaction() as session:
        job_id = session.scalars(select(ReportJob.id).where(ReportJob.user_id == ann.id)).one()
    attempt = Attempt(runtime_of_worker, JobRunner(runtime_of_worker)._claim(job_id))
    with page.expect_request(JOBS):
        # As if the page was shown again.
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    for done in (1, 3):
        attempt.progress(done, 4)
        attempt._next_announcement = 0
        expect(shown).to_have_attribute("value", str(done))
        expect(shown).to_have_attribute("max", "4")

    # What was read before the messages is older.
    route, response = held[0]
    with page.expect_response(JOBS):
        route.fulfill(response=response)
    page.evaluate("new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))")
    expect(shown).to_have_attribute("value", "3")
    page.unroute_all(behavior="ignoreErrors")


def test_a_schedule_is_created_run_paused_and_deleted(
    page, sign_in, ann, many_tasks, run_jobs, problems, check_accessibility
):
    sign_in(page, ann, "/reports/schedules?priority=URGENT")
    page.get_by_role("button", name="New schedule").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("Urgent ones")
    dialog.get_by_label("Repeat").select_option(label="Cron expression")
    dialog.get_by_label("Cron expression", exact=True).last.fill("* * * * *")
    check_accessibility(page)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("at least 60 minutes apart")).to_be_visible()
    # The browser logs the rejection.
    problems[:] = [one for one in problems if "400" not in one]
    dialog.get_by_label("Repeat").select_option(label="Every month")
    dialog.get_by_label("Day of the month").select_option("2")
    dialog.get_by_role("button", name="Save").click()

    schedule = page.get_by_role("listitem", name="Urgent ones")
    expect(schedule).to_contain_text("On day 2 of each month at 08:00")
    expect(schedule).to_contain_text("Urgent · to")
    schedule.get_by_role("button", name="Run now").click()
    expect(schedule).to_contain_text("Last run: Waiting")
    run_jobs()
    actions = schedule.get_by_role("button", name="Actions for Urgent ones")
    actions.click()
    page.get_by_role("menuitem", name="Pause").click()
    expect(schedule).to_contain_text("Paused")
    expect(schedule).to_contain_text("Last run: Done")
    check_accessibility(page)

    actions.click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No schedules yet")).to_be_visible()
