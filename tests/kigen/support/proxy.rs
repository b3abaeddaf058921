//! A proxy for HTTP's CONNECT, which alone knows the addresses of its hosts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running proxy; it ends with the tests.
pub(crate) struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one that connects to these hosts, as `name:port`, and answers 502 for all others.
    pub(crate) fn start(hosts: BTreeMap<String, SocketAddr>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let heads = Arc::new(Mutex::default());
        let (hosts, noted) = (Arc::new(hosts), Arc::clone(&heads));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (hosts, noted) = (Arc::clone(&hosts), Arc::clone(&noted));
                // A connection that breaks is the client's matter.
                std::thread::spawn(move || drop(serve(client, &hosts, &noted)));
            }
        });
        Self { port, heads }
    }

    /// Its address, as `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The heads of all requests that name this host.
    pub(crate) fn requests_for(&self, host: &str) -> Vec<String> {
        let heads = self.heads.lock().expect("no panic");
        heads.iter().filter(|head| head.starts_with(&format!("CONNECT {host}:"))).cloned().collect()
    }
}

fn serve(
    client: TcpStream,
    hosts: &BTreeMap<String, SocketAddr>,
    noted: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let host = head.split(' ').nth(1).unwrap_or_default().to_owned();
    noted.lock().expect("no panic").push(head);
    let mut client = client;
    let Some(server) = hosts.get(&host) else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
    };
    let server = TcpStream::connect(server)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let mut upward = server.try_clone()?;
    let sending = std::thread::spawn(move || {
        let sent = std::io::copy(&mut reader, &mut upward);
        // Either end may have closed already.
        drop(upward.shutdown(Shutdown::Write));
        sent
    });
    let received = std::io::copy(&mut &server, &mut client);
    drop(client.shutdown(Shutdown::Both));
    drop(sending.join());
    received.map(drop)
}
