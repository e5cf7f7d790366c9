import click

from lectern_client.cli import failures
from lectern_client.cli.asking import ask, chat
from lectern_client.cli.courses import courses, import_
from lectern_client.cli.documents import upload
from lectern_client.cli.jobs import jobs
from lectern_client.cli.operating import health, usage
from lectern_client.cli.threads import threads
from lectern_client.client import LOCAL_URL, Lectern
from lectern_client.errors import LecternError

HELP = """Ask about a lecture, and look after courses, threads and jobs.

\b
  lectern ask sound-and-waves "What is resonance?"
  lectern chat sound-and-waves --at 1:23
  lectern upload --title "My course" script.pdf
  lectern import my-course lecture.vtt --video-url https://videos.example.org/1.mp4
"""
SHORT = {"help_option_names": ["-h", "--help"]}


class Commands(click.Group):
    """Tells errors as sentences, and lists commands in the order in which they are needed."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LecternError as error:
            failures.tell(error, ctx.params["url"])
            ctx.exit(failures.code_of(error))

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=Commands, help=HELP, epilog=failures.MEANINGS, context_settings=SHORT)
@click.option("--url", envvar="LECTERN_URL", default=LOCAL_URL, show_default=True, show_envvar=True, help="Where.")
@click.option("--token", envvar="LECTERN_TOKEN", default="", show_envvar=True, help="As whom: a JWT.")
@click.version_option(package_name="lectern-client")
@click.pass_context
def lectern(ctx: click.Context, url: str, token: str) -> None:
    ctx.obj = ctx.with_resource(Lectern(url, token))


for command in (ask, chat, courses, import_, upload, threads, jobs, usage, health):
    lectern.add_command(command)
