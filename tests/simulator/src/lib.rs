//! A stand-in for the Xianyu (Goofish) IM service: one listener that serves the IM WebSocket, the signed HTTP API
//! ("mtop") and the login check, checks what a client does as strictly as the real service would and more, and
//! writes all of it down.
//!
//! It shares no code with `livekeeper`, on purpose: it is a second reading of the same description of the wire.
//!
//! ```
//! use livekeeper_simulator::{BuyerMessage, Options, Simulator};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let simulator = Simulator::start(Options::default()).await?;
//! let cookie = simulator.cookie("2280551454090"); // for the client under test, with the two addresses
//! println!("{} {} {cookie}", simulator.websocket_url(), simulator.api_url());
//!
//! // Said before anybody is there, it waits for the account.
//! let message = BuyerMessage::new("20997167734", "9687236998962", "还在吗？").about_item("526822747770");
//! let message_id = simulator.buyer_says("2280551454090", &message);
//! assert_eq!(message_id.len(), 32);
//! assert_eq!(simulator.waiting("2280551454090"), 1);
//! assert!(simulator.violations().is_empty());
//! simulator.stop().await;
//! # Ok::<(), livekeeper_simulator::StartError>(())
//! # }).unwrap();
//! ```
//!
//! # Map
//! | file | what is in it |
//! | --- | --- |
//! | `simulator`, `script`, `wait`, `thread` | the handle: what it has seen, what it is told to do, waiting, a thread of its own |
//! | `options`, `message`, `record`, `error` | the words it is spoken to in |
//! | `server`, `tls`, `http` | connections up to the request |
//! | `api`, `form`, `login` | the signed API, and what a cookie is worth |
//! | `socket`, `frames`, `sending`, `history` | a WebSocket connection, and what its frames mean |
//! | `entry`, `delivery` | packing what was said, and pushing it |
//! | `state`, `account`, `ids`, `clock` | what it knows |

mod account;
mod api;
mod clock;
mod delivery;
mod entry;
mod error;
mod form;
mod frames;
mod history;
mod http;
mod ids;
mod login;
mod message;
mod options;
mod record;
mod script;
mod sending;
mod server;
mod simulator;
mod socket;
mod state;
mod thread;
mod tls;
mod wait;

pub use account::{ApiFault, HistoryFault};
pub use error::StartError;
pub use message::{BuyerMessage, Encoding, Entry, OrderIdIn, OrderStatus};
pub use options::{ExpiryForm, Options, PushPath};
pub use record::{Counters, EndedBy, Ending, Seen, SeenKind, Send, SendContent, SendOutcome, Violation};
pub use simulator::Simulator;
pub use thread::SimulatorThread;
pub use wait::{Snapshot, WaitTimeout};
