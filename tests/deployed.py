"""A deployed system as its users have it: through its edge alone."""

from dataclasses import dataclass

import httpx

from kit.auth.caller import Caller, Role
from kit.auth.tokens import UserTokens
from lectern_client import Lectern, Policy
from local.sample_course import Imported, import_sample

# Holds for all that talk to the system: whatever restarts, they go on.
PATIENT = Policy(attempts=200, deadline=300, longest_pause=1.0)


@dataclass(frozen=True)
class DeployedEdge:
    """Where it is, and what the tokens of its users are signed with."""

    url: str
    secret: str

    def client(self, user: str, *roles: Role, policy: Policy = PATIENT) -> Lectern:
        """The edge as this user has it, a student unless roles are named."""
        return Lectern(
            self.url, self._token(user, roles), policy=policy, http=httpx.Client(trust_env=False, timeout=60)
        )

    def http(self, user: str, *roles: Role) -> httpx.Client:
        """The same without the client's own patience, for what it has no method for."""
        return httpx.Client(base_url=self.url, headers=self._headers(user, roles), timeout=60, trust_env=False)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def sick_dependencies(self) -> dict[str, str]:
        """Each part that is not healthy and its status, as an admin sees them; the whole is one of them."""
        with self.http("operator", Role.ADMIN) as admin:
            health = admin.get("/v1/health").json()
        parts = {"the whole": health["status"]} | {part["name"]: part["status"] for part in health["dependencies"]}
        return {name: status for name, status in parts.items() if status != "HEALTHY"}

    async def import_sample(self) -> Imported:
        """Brings the sample course in, as a teacher."""
        headers = self._headers("teacher", (Role.TEACHER,))
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60, trust_env=False) as client:
            return await import_sample(client)

    def _headers(self, user: str, roles: tuple[Role, ...]) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token(user, roles)}"}

    def _token(self, user: str, roles: tuple[Role, ...]) -> str:
        tokens = UserTokens(secret=self.secret, jwks_url="", issuer="lectern", audience="lectern")
        return tokens.issue(Caller("default", user, frozenset(roles or (Role.STUDENT,))), 6 * 3600)
