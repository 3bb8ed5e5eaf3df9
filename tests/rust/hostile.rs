//! A service that announces frames of 2^63 bytes, drips, or never ends: left at the header, or when its time is over.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use livekeeper::{CapacityKind, Config, ConnectionState, CookieManager, ReasonCode};
use livekeeper_simulator::{Options, SimulatorThread};
use livekeeper_tests::{LIMIT, LIMIT_S, config, hear_standing, manager, simulator};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const MIB: u64 = 1024 * 1024;
/// What one message may have at most, and what may lie in buffers of the kernel, twice.
const MOST_BYTES_TAKEN: u64 = 8 * MIB + 2 * 8 * MIB;

/// What the service does once somebody has registered: given the registration's mid.
type Deed = fn(&mut Line, &str) -> std::io::Result<()>;

/// A connection, and what has been written to it since it was opened.
struct Line {
    stream: TcpStream,
    written: u64,
}

/// A service that takes one connection, opens the WebSocket as it should, reads one frame, and then misbehaves until the other side
/// is gone. What it could write is told at the end.
struct Service {
    port: u16,
    written: Receiver<u64>,
}

impl Service {
    fn that(misbehaves: Deed) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, written) = channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            open(&mut stream);
            let register = read_text_frame(&mut stream);
            let mid = register.split("\"mid\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            // It ends when nobody takes its bytes any more: that is what is tested.
            let mut line = Line { stream, written: 0 };
            let _ = misbehaves(&mut line, &mid);
            let _ = tell.send(line.written);
        });
        Self { port, written }
    }
}

impl Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

fn open(stream: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let request = String::from_utf8(request).unwrap();
    let key = request.lines().find_map(|line| line.to_lowercase().starts_with("sec-websocket-key:").then(|| line[18..].trim()));
    let accept = derive_accept_key(key.unwrap().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).unwrap();
}

/// A masked text frame of up to 64 KiB.
fn read_text_frame(stream: &mut TcpStream) -> String {
    let mut header = [0; 2];
    stream.read_exact(&mut header).unwrap();
    assert_eq!((header[0], header[1] & 0x80), (0x81, 0x80), "a whole text frame, masked");
    let length = match header[1] & 0x7f {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        length => usize::from(length),
    };
    let (mut mask, mut payload) = ([0; 4], vec![0; length]);
    stream.read_exact(&mut mask).unwrap();
    stream.read_exact(&mut payload).unwrap();
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    String::from_utf8(payload).unwrap()
}

/// Answers the registration, so that the session is registered when the rest comes.
fn accept_registration(line: &mut Line, mid: &str) -> std::io::Result<()> {
    let answer = format!(r#"{{"code":200,"headers":{{"mid":"{mid}"}}}}"#);
    let length = u8::try_from(answer.len()).unwrap();
    assert!(length < 126);
    line.write(&[&[0x81, length], answer.as_bytes()].concat())
}

/// The header of an unfragmented text frame of 2^63 bytes, and as much of them as anybody takes.
fn a_frame_of_2_to_the_63(line: &mut Line, _: &str) -> std::io::Result<()> {
    line.write(&[&[0x81, 127], 2_u64.pow(63).to_be_bytes().as_slice()].concat())?;
    let piece = vec![b'x'; 64 * 1024];
    for_ever(|| line.write(&piece))
}

/// A message that has no last fragment.
fn a_message_without_end(line: &mut Line, _: &str) -> std::io::Result<()> {
    let piece = vec![b'x'; 65_536];
    let fragment = |first: u8| [&[first, 127], 65_536_u64.to_be_bytes().as_slice(), &piece].concat();
    line.write(&fragment(0x01))?;
    for_ever(|| line.write(&fragment(0x00)))
}

/// A frame of 1 MiB, a byte at a time.
fn a_drip(line: &mut Line, _: &str) -> std::io::Result<()> {
    line.write(&[&[0x81, 127], MIB.to_be_bytes().as_slice()].concat())?;
    for_ever(|| {
        // The fault itself: a second's worth of it, scaled down.
        std::thread::sleep(Duration::from_millis(20));
        line.write(b"x")
    })
}

fn for_ever(mut again: impl FnMut() -> std::io::Result<()>) -> std::io::Result<()> {
    let until = Instant::now() + LIMIT;
    while Instant::now() < until {
        again()?;
    }
    Ok(())
}

/// Has an account meet the service, and tells why its session ended, and what the service could write.
fn meet(service: &Service, spoil: impl FnOnce(&mut Config)) -> (SimulatorThread, CookieManager, ReasonCode, String) {
    // For the token only.
    let simulator = simulator(Options::default());
    let mut config = config(&simulator);
    config.websocket_url = format!("ws://127.0.0.1:{}/", service.port);
    config.close_timeout_s = 0.1;
    spoil(&mut config);
    let manager = manager(config);
    let mut events = manager.events().unwrap();
    manager.add_cookie("shop", &simulator.cookie("1001"), None, None).wait().unwrap();
    let reason = hear_standing(&mut events, |standing| standing.connection == ConnectionState::Reconnecting);
    (simulator, manager, reason.code, reason.detail)
}

fn memory(manager: &CookieManager) -> u64 {
    manager.capacity().unwrap().get(CapacityKind::MemoryBytes).unwrap().used
}

#[test]
fn a_frame_of_2_to_the_63_bytes_or_a_message_without_end_breaks_the_protocol_and_costs_bounded_memory() {
    let table: [(&str, Deed, u64); 4] = [
        ("a frame at once", a_frame_of_2_to_the_63, 10),
        (
            "a frame after the registration",
            |line, mid| accept_registration(line, mid).and_then(|()| a_frame_of_2_to_the_63(line, mid)),
            10,
        ),
        ("a message at once", a_message_without_end, 8 * MIB),
        (
            "a message after the registration",
            |line, mid| accept_registration(line, mid).and_then(|()| a_message_without_end(line, mid)),
            8 * MIB,
        ),
    ];
    for (name, deed, least) in table {
        let service = Service::that(deed);
        let (_simulator, manager, code, detail) = meet(&service, |_| {});
        assert_eq!(code, ReasonCode::ProtocolBroken, "{name}: {detail}");
        let written = service.written.recv_timeout(LIMIT).unwrap();
        assert!((least..=MOST_BYTES_TAKEN + MIB).contains(&written), "{name}: {written} bytes were taken");
        let memory = memory(&manager);
        assert!(memory < 256 * MIB, "{name}: {memory} bytes");
        assert!(manager.close(LIMIT_S).wait().unwrap().is_clean());
    }
}

#[test]
fn a_service_that_drips_is_left_when_its_time_to_answer_is_over() {
    let service = Service::that(a_drip);
    let (_simulator, _manager, code, detail) = meet(&service, |config| config.answer_timeout_s = 0.3);
    assert_eq!(code, ReasonCode::ServiceStalled, "{detail}");
    assert!(service.written.recv_timeout(LIMIT).unwrap() < MIB);

    let service = Service::that(|line, mid| accept_registration(line, mid).and_then(|()| a_drip(line, mid)));
    let (_simulator, _manager, code, detail) = meet(&service, |config| {
        config.heartbeat_interval_s = 0.1;
        config.heartbeat_timeout_s = 0.3;
    });
    assert_eq!(code, ReasonCode::HeartbeatLost, "{detail}");
    assert!(service.written.recv_timeout(LIMIT).unwrap() < MIB);
}
