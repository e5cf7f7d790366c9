"""`python -m deploy.dashboards` writes all dashboards to the monitoring chart, as Grafana reads them."""

from deploy.dashboards.files import FOLDER, rendered

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = rendered()
    for old in FOLDER.glob("*.json"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)
