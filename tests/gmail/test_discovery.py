from gmail.discovery import moved, resources


def test_the_real_gmail_is_the_default() -> None:
    found = resources("")
    assert found.batch_uri == "https://gmail.googleapis.com/batch"
    assert found.messages.get(userId="me", id="1").uri.startswith("https://gmail.googleapis.com/gmail/v1/users/me/")


def test_a_moved_document_has_one_root() -> None:
    document = {"rootUrl": "https://real/", "mtlsRootUrl": "https://mtls/", "batchPath": "batch"}
    assert moved(document, "http://sim") == {"rootUrl": "http://sim/", "batchPath": "batch"}
    assert moved(document, "") == {"rootUrl": "https://real/", "batchPath": "batch"}
    assert document["rootUrl"] == "https://real/"


def test_single_calls_and_batches_move_together() -> None:
    found = resources("http://127.0.0.1:9/moved")
    assert found.batch_uri == "http://127.0.0.1:9/moved/batch"
    assert found.labels.list(userId="me").uri.startswith("http://127.0.0.1:9/moved/gmail/v1/users/me/labels")


def test_resources_are_built_once() -> None:
    assert resources("http://127.0.0.1:9") is resources("http://127.0.0.1:9")
