//! One connection's messages in order.

use std::sync::Arc;

use super::template::{Fields, ID_DIGITS, IMEI_DIGITS, TIME_BYTES, write_id};
use super::time_text::write_time;
use super::{Fleet, MESSAGES_PER_FLEET_SECOND, SHAPES_MAX, mixed, positions_below};

/// Renders the messages of one connection, numbered from 1, in order or from any number on.
pub struct Stream {
    fleet: Arc<Fleet>,
    connection: u64,
    connections: u64,
    /// Number of the next message.
    next: u64,
    position: u64,
    round: u64,
    time: [u8; TIME_BYTES],
    /// First index of the second after `time`; 0 when `time` is not set.
    time_end: u64,
}

impl Stream {
    /// The messages of connection `connection` of `connections`, which the devices must outnumber
    /// or equal.
    pub fn new(fleet: Arc<Fleet>, connection: u64, connections: u64) -> Self {
        assert!(
            connection < connections && connections <= fleet.devices(),
            "every connection has a device"
        );
        Self {
            fleet,
            connection,
            connections,
            next: 1,
            position: connection,
            round: 0,
            time: [0; TIME_BYTES],
            time_end: 0,
        }
    }

    /// Number of the message that is rendered next.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Goes to the message `number`, from 1.
    pub fn seek(&mut self, number: u64) {
        let each_round = positions_below(self.fleet.devices(), self.connection, self.connections);
        let before = number.checked_sub(1).expect("numbers start at 1");
        self.next = number;
        self.round = before / each_round;
        self.position = self.connection + before % each_round * self.connections;
        self.time_end = 0;
    }

    /// Index in the whole fleet of the message that is rendered next.
    pub fn next_index(&self) -> u64 {
        self.round * self.fleet.devices() + self.position
    }

    /// Appends the next message to `out`.
    pub fn render(&mut self, out: &mut Vec<u8>) {
        let index = self.next_index();
        if index >= self.time_end {
            self.set_time(index);
        }
        let fleet = &*self.fleet;
        let device = &fleet.devices[self.position as usize];
        let shape = usize::from(device[IMEI_DIGITS]);
        let shapes = &fleet.shapes[shape / SHAPES_MAX];
        let draw = mixed(fleet.seed, index);
        let mut template = &shapes.ordinary[shape % SHAPES_MAX];
        if fleet.noise_ppm > 0 {
            let lot = mixed(!fleet.seed, index);
            if (lot & 0xffff_ffff) % 1_000_000 < u64::from(fleet.noise_ppm) {
                template = &shapes.noise[(lot >> 32) as usize % shapes.noise.len()];
            }
        }
        let mut id = [0; ID_DIGITS];
        write_id(index, &mut id);
        template.render(
            &Fields {
                id: &id,
                imei: device,
                time: &self.time,
                draw,
            },
            out,
        );
        self.next += 1;
        self.position += self.connections;
        if self.position >= fleet.devices() {
            self.position = self.connection;
            self.round += 1;
        }
    }

    fn set_time(&mut self, index: u64) {
        let second = index / MESSAGES_PER_FLEET_SECOND;
        write_time(self.fleet.start_time + second as i64, &mut self.time);
        self.time_end = (second + 1) * MESSAGES_PER_FLEET_SECOND;
    }
}
