//! A stream while an HTTP head is read from it: no read goes beyond the head's end, so that whoever reads the head needs to keep nothing
//! of what follows it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) struct UntilHeadEnds<S> {
    stream: S,
    seen: Seen,
    /// What came with the end, after it.
    beyond: Vec<u8>,
}

/// How much of an empty line, which ends the head, has been seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Newline,
    NewlineReturn,
    End,
}

impl Seen {
    fn then(self, byte: u8) -> Self {
        match (self, byte) {
            // Lines that end with `\n` alone are taken by whoever reads the head, too.
            (Self::Newline | Self::NewlineReturn, b'\n') => Self::End,
            (Self::Newline, b'\r') => Self::NewlineReturn,
            (_, b'\n') => Self::Newline,
            _ => Self::Nothing,
        }
    }
}

impl<S> UntilHeadEnds<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, seen: Seen::Nothing, beyond: Vec::new() }
    }

    /// The stream, and what was read of it after the head.
    pub(super) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.beyond)
    }

    /// Where the head ends in what has come next, if it does.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for (place, byte) in bytes.iter().enumerate() {
            self.seen = self.seen.then(*byte);
            if self.seen == Seen::End {
                return Some(place + 1);
            }
        }
        None
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for UntilHeadEnds<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.seen == Seen::End {
            // A reader that goes on after the head finds no more than a stream that has ended.
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) else { return Poll::Pending };
        read?;
        if let Some(end) = self.end_in(&buffer.filled()[before..]) {
            self.beyond = buffer.filled()[before + end..].to_vec();
            buffer.set_filled(before + end);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for UntilHeadEnds<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::UntilHeadEnds;

    #[tokio::test]
    async fn it_reads_as_far_as_the_head_and_keeps_what_came_with_its_end() {
        for head in ["HTTP/1.1 101 x\r\nA: \r\r\n\r\n", "HTTP/1.1 101 x\nA: b\n\n"] {
            is_read_to_its_end(head).await;
        }
    }

    async fn is_read_to_its_end(head: &str) {
        let all = [head.as_bytes(), b"first frame"].concat();
        let head = all.len() - "first frame".len();
        // However it is cut in two on its way, and at once.
        for cut in 1..=all.len() {
            let (mut service, stream) = tokio::io::duplex(1024);
            service.write_all(&all[..cut]).await.unwrap();
            let mut stream = UntilHeadEnds::new(stream);
            let mut read = Vec::new();
            while read.len() < cut.min(head) {
                stream.read_buf(&mut read).await.unwrap();
            }
            if cut < head {
                service.write_all(&all[cut..]).await.unwrap();
                stream.read_to_end(&mut read).await.unwrap();
            }
            assert_eq!(read, &all[..head]);
            let (mut rest, beyond) = stream.into_parts();
            if (head..all.len()).contains(&cut) {
                service.write_all(&all[cut..]).await.unwrap();
            }
            drop(service);
            let mut read = beyond;
            rest.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, b"first frame", "cut at {cut}");
        }
    }
}
