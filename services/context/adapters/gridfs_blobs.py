from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from bson.int64 import Int64
from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile
from pymongo import ASCENDING

from kit.errors import NotFound
from kit.group_commit import GroupCommit
from kit.mongo import Client, translated
from services.context.adapters.mongo_mapping import BLOBS, DATABASE

CHUNK_BYTES = 1024 * 1024
# So that what is written at once stays under what MongoDB takes in one message.
SMALL_AT_ONCE = 40


class GridFSBlobs:
    """Bytes in GridFS, beside the documents that they are of.

    What fits into one chunk is written together with what arrives at the same time, in the layout of GridFS.
    """

    def __init__(self, client: Client) -> None:
        database = client[DATABASE]
        self._bucket = AsyncGridFSBucket(database, BLOBS, CHUNK_BYTES)
        self._files, self._chunks = database[f"{BLOBS}.files"], database[f"{BLOBS}.chunks"]
        self._indexed = False
        self._writing = GroupCommit(self._write_small, SMALL_AT_ONCE)

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        head, size = list[bytes](), 0
        async for chunk in chunks:
            head.append(chunk)
            size += len(chunk)
            if size > CHUNK_BYTES:
                return await self._write_large(name, head, chunks)
        return await self._writing.add((name, b"".join(head)))

    async def read(self, name: str) -> AsyncIterator[bytes]:
        with translated():
            try:
                stream = await self._bucket.open_download_stream(name)
            except NoFile as error:
                raise NotFound("the bytes of the document are gone") from error
            while chunk := await stream.readchunk():
                yield chunk

    async def delete(self, name: str) -> None:
        with translated():
            try:
                await self._bucket.delete(name)
            except NoFile:
                return

    async def _write_large(self, name: str, head: Sequence[bytes], rest: AsyncIterator[bytes]) -> None:
        with translated():
            stream = self._bucket.open_upload_stream_with_id(name, name)
            try:
                for chunk in head:
                    await stream.write(chunk)
                async for chunk in rest:
                    await stream.write(chunk)
            except BaseException:
                await stream.abort()
                raise
            await stream.close()

    async def _write_small(self, blobs: Sequence[tuple[str, bytes]]) -> list[None]:
        """The chunks first, as GridFS does: what is named among the files is there as a whole."""
        now = datetime.now(UTC)
        chunks = [{"files_id": name, "n": 0, "data": content} for name, content in blobs if content]
        files = [
            {
                "_id": name,
                "filename": name,
                "length": Int64(len(content)),
                "chunkSize": CHUNK_BYTES,
                "uploadDate": now,
            }
            for name, content in blobs
        ]
        with translated():
            await self._ensure_indexes()
            if chunks:
                await self._chunks.insert_many(chunks, ordered=False)
            await self._files.insert_many(files, ordered=False)
        return [None] * len(blobs)

    async def _ensure_indexes(self) -> None:
        """Those that GridFS makes for its first file."""
        if not self._indexed:
            await self._chunks.create_index([("files_id", ASCENDING), ("n", ASCENDING)], unique=True)
            await self._files.create_index([("filename", ASCENDING), ("uploadDate", ASCENDING)])
            self._indexed = True
