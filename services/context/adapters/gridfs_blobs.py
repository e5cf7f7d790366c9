from collections.abc import AsyncIterator

from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile

from kit.errors import NotFound
from kit.mongo import Client, translated
from services.context.adapters.mongo_mapping import BLOBS, DATABASE

CHUNK_BYTES = 1024 * 1024


class GridFSBlobs:
    """Bytes in GridFS, beside the documents that they are of."""

    def __init__(self, client: Client) -> None:
        self._bucket = AsyncGridFSBucket(client[DATABASE], BLOBS, CHUNK_BYTES)

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        with translated():
            stream = self._bucket.open_upload_stream_with_id(name, name)
            try:
                async for chunk in chunks:
                    await stream.write(chunk)
            except BaseException:
                await stream.abort()
                raise
            await stream.close()

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
