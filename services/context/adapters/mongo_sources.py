from collections.abc import Sequence

from pymongo import ASCENDING

from kit.mongo import Client, translated
from services.context.adapters.mongo_mapping import (
    COURSES,
    DATABASE,
    DOCUMENTS,
    PASSAGES,
    READY,
    VIDEOS,
    Row,
    course_of,
    course_ref,
    document_of,
    owned,
    passage_of,
    vector_of,
    video_of,
)
from services.context.model import CourseKey, Head, Source, SourceContext

VIDEOS_IN_ORDER = [("createdAt", ASCENDING), ("videoId", ASCENDING)]
DOCUMENTS_IN_ORDER = [("createdAt", ASCENDING), ("documentId", ASCENDING)]


class MongoSources:
    """Videos and documents together, as they stand at one moment."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._database = client[DATABASE]

    async def head(self, key: CourseKey) -> Head | None:
        with translated():
            # A snapshot: all reads see the same moment.
            async with self._client.start_session(snapshot=True) as session:
                course = await self._database[COURSES].find_one({"_id": course_ref(key)}, session=session)
                if course is None:
                    return None
                videos = self._database[VIDEOS].find(owned(key), session=session).sort(VIDEOS_IN_ORDER)
                read = {**owned(key), "status": READY}
                documents = self._database[DOCUMENTS].find(read, session=session).sort(DOCUMENTS_IN_ORDER)
                return Head(
                    course_of(course),
                    tuple([video_of(row) async for row in videos]),
                    tuple([document_of(row) async for row in documents]),
                )

    async def contexts(self, key: CourseKey, sources: Sequence[Source]) -> Sequence[SourceContext] | None:
        query = {**owned(key), "edition": {"$in": [source.edition for source in sources]}}
        lean = {"_id": 0, "tenant": 0, "courseId": 0}
        rows: dict[str, list[Row]] = {source.edition: [] for source in sources}
        with translated():
            async for row in self._database[PASSAGES].find(query, lean).sort("position", ASCENDING):
                rows[row["edition"]].append(row)
        if any(len(rows[source.edition]) != source.passage_count for source in sources):
            return None
        return [_context(source, rows[source.edition]) for source in sources]


def _context(source: Source, rows: Sequence[Row]) -> SourceContext:
    return SourceContext(source, tuple(map(passage_of, rows)), tuple(map(vector_of, rows)))
