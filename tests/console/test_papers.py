"""Papers at the console: uploaded, shown to who may see the person, cited by what is recorded."""

from ledger.domain.kernel import Office
from tests.console.conftest import Seats, told
from tests.world import World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


def test_a_paper_is_uploaded_once_shown_and_cited_in_a_form(home: World, seats: Seats) -> None:
    village = home.union("纳合村工会")
    worker = home.worker("韦秀英")
    home.enrol(worker, village)
    clerk = seats(village, Office.CLERK)
    where = f"/workers/{worker}/papers"

    empty = told(clerk.see(where))
    first = clerk.upload(where, "调解协议·扫描.pdf", PDF)
    again = clerk.upload(where, "调解协议·扫描.pdf", PDF)
    listed = told(clerk.see(where))
    commitment = first.headers["location"].partition("done=")[2]
    shown = clerk.http.get(f"/papers/{commitment}")
    form = clerk.see(f"/do/persons/rename?person={worker}")

    assert "还没有附件" in empty
    assert again.headers["location"] == first.headers["location"]
    assert listed.count("调解协议·扫描.pdf") == 1
    assert (shown.content, shown.headers["content-type"]) == (PDF, "application/pdf")
    assert "inline" in shown.headers["content-disposition"]
    assert f'value="{commitment}"' in form
    assert "调解协议·扫描.pdf" in form


def test_what_is_no_paper_and_what_is_another_unions_is_refused(home: World, seats: Seats) -> None:
    village, other = home.union("纳合村工会"), home.union("巴学村工会")
    worker = home.worker("韦秀英")
    home.enrol(worker, village)
    clerk, stranger = seats(village, Office.CLERK), seats(other, Office.CLERK)
    where = f"/workers/{worker}/papers"
    commitment = clerk.upload(where, "证明.pdf", PDF).headers["location"].partition("done=")[2]

    script = clerk.upload(where, "好看的.pdf", b"<script>alert(1)</script>")
    usual = clerk.upload(where, "扫描.pdf", PDF + b"0" * 3 * 2**19)
    big = clerk.upload(where, "大.pdf", PDF + b"0" * 21 * 2**20)

    assert script.status_code == 415
    assert "PDF" in script.text
    assert usual.status_code == 303, told(usual.text)
    assert big.status_code == 413
    assert "20 MB" in big.text
    assert stranger.http.get(f"/papers/{commitment}").status_code == 403
    assert stranger.http.get(where).status_code == 403
    assert clerk.http.get(f"/papers/{'0' * 64}").status_code == 404
