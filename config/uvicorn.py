"""Start uvicorn with a protocol that does not wait for ever: `python -m config.uvicorn` takes uvicorn's own arguments."""

from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.main import main

HTTP_PROTOCOLS["auto"] = "config.patience:Patient"  # its command line knows names only, not classes

if __name__ == "__main__":
    main(prog_name="uvicorn")
