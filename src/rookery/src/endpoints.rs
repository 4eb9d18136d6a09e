//! `data_dir/endpoints`: where the server that runs on a data directory can be reached, so that commands
//! need no more than the directory. A hint and no promise: it outlives the server, and who uses it
//! compares the instance.
//!
//! | line | what |
//! | --- | --- |
//! | `admin=IP:PORT` | the admin port |

use std::net::SocketAddr;
use std::path::Path;
use std::{fs, io};

const FILE: &str = "endpoints";

/// Notes where the admin port is. Replaced whole; not synced, for a crash of the machine ends the
/// server too.
///
/// # Errors
/// The directory cannot be written.
pub fn write(data_dir: &Path, admin: SocketAddr) -> io::Result<()> {
    let temporary = data_dir.join("endpoints.new");
    fs::write(&temporary, format!("admin={admin}\n"))?;
    fs::rename(&temporary, data_dir.join(FILE))
}

/// The admin port of the server that ran last, if one ever did.
pub fn admin(data_dir: &Path) -> Option<SocketAddr> {
    let text = fs::read_to_string(data_dir.join(FILE)).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("admin="))
        .and_then(|address| address.parse().ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_last_server_is_known() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(admin(dir.path()), None);
        for port in [1, 2] {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            write(dir.path(), address).unwrap();
            assert_eq!(admin(dir.path()), Some(address));
        }
        fs::write(dir.path().join(FILE), "admin=nonsense\n").unwrap();
        assert_eq!(admin(dir.path()), None);
    }
}
