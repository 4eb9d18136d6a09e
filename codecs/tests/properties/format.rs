use crate::tree::text;
use proptest::prelude::*;
use rookery_codecs::format::{csv, dead_letter, json};
use rookery_codecs::time::Zone;
use rookery_model::{DataType, DeadLetter, Decimal, Field, Stage, Timestamp, Value};

fn field(name: &str, data_type: DataType) -> Field {
    Field {
        name: name.to_owned(),
        data_type,
    }
}

fn encode(name: &str, data_type: DataType, value: Value<'_>) -> String {
    let format = json::RowFormat::new(&[field(name, data_type)], Zone::utc());
    let mut out = Vec::new();
    format.encode(&[value], &mut out);
    String::from_utf8(out).unwrap()
}

/// Reads lines of CSV with this delimiter by RFC 4180, NULL as `None`.
fn read_csv(line: &str, delimiter: char) -> Vec<Option<String>> {
    let mut values = vec![];
    let mut rest = line.chars().peekable();
    loop {
        let mut value = String::new();
        let quoted = rest.next_if_eq(&'"').is_some();
        while let Some(character) = rest.next_if(|next| quoted || *next != delimiter) {
            if quoted && character == '"' && rest.next_if_eq(&'"').is_none() {
                break;
            }
            value.push(character);
        }
        values.push((quoted || !value.is_empty()).then_some(value));
        if rest.next().is_none() {
            return values;
        }
    }
}

proptest! {
    #[test]
    fn strings_and_names_read_back(name in text(), value in text()) {
        let row = encode(&name, DataType::STRING, Value::String(&value));
        let read: serde_json::Value = serde_json::from_str(&row).unwrap();
        prop_assert_eq!(read, serde_json::json!({ name: value }));
    }

    #[test]
    fn doubles_read_back_bit_by_bit(value: f64, single: f32) {
        let row = encode("v", DataType::Double, Value::Double(value));
        let text = row.strip_prefix("{\"v\":").and_then(|row| row.strip_suffix('}')).unwrap();
        let number = text.trim_matches('"').replace("Infinity", "inf");
        let read: f64 = number.parse().unwrap();
        prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()));
        prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&row).is_ok());
        let row = encode("v", DataType::Float, Value::Float(single));
        let text = row.strip_prefix("{\"v\":").and_then(|row| row.strip_suffix('}')).unwrap();
        let number = text.trim_matches('"').replace("Infinity", "inf");
        let read: f32 = number.parse().unwrap();
        prop_assert!(read.to_bits() == single.to_bits() || (read.is_nan() && single.is_nan()));
    }

    #[test]
    fn decimals_keep_all_their_digits(unscaled: i128, scale in 0_u8..=38) {
        let unscaled = unscaled % 10_i128.pow(38);
        let data_type = DataType::Decimal { precision: 38, scale };
        let row = encode("d", data_type, Value::Decimal(Decimal { unscaled, scale }));
        prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&row).is_ok(), "{}", row);
        let text = row.strip_prefix("{\"d\":").and_then(|row| row.strip_suffix('}')).unwrap();
        let digits: String = text.chars().filter(|c| *c != '.').collect();
        prop_assert_eq!(digits.parse::<i128>().unwrap(), unscaled);
        let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        prop_assert_eq!(fraction, usize::from(scale));
    }

    #[test]
    fn csv_reads_back(values in proptest::collection::vec(proptest::option::of(text()), 1..5)) {
        let fields: Vec<Field> = values.iter().map(|_| field("c", DataType::STRING)).collect();
        let row: Vec<Value<'_>> = values
            .iter()
            .map(|value| value.as_deref().map_or(Value::Null, Value::String))
            .collect();
        for delimiter in [b',', 0x01] {
            let format = csv::RowFormat::new(&fields, delimiter, Zone::utc());
            let mut out = b"before".to_vec();
            format.encode(&row, &mut out);
            let line = String::from_utf8(out).unwrap();
            let read = read_csv(line.strip_prefix("before").unwrap(), char::from(delimiter));
            prop_assert_eq!(&read, &values);
        }
    }

    #[test]
    fn any_dead_letter_reads_back(raw: Vec<u8>, reason in text(), rule in proptest::option::of(text())) {
        let letter = DeadLetter {
            stage: Stage::Parse,
            rule: rule.as_deref(),
            code: "E1111",
            reason: &reason,
            raw: &raw,
        };
        let mut out = Vec::new();
        dead_letter::write_object(&letter, &mut out);
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(&read["raw"], &String::from_utf8_lossy(&raw).into_owned());
        prop_assert_eq!(&read["reason"], &reason);
        prop_assert_eq!(read["rule"].as_str(), rule.as_deref());
        prop_assert_eq!(read.get("raw_base64").is_some(), std::str::from_utf8(&raw).is_err());
    }

    #[test]
    fn any_time_is_written(millis: i64, nanos in 0_u32..1_000_000, date: i32, time: i32) {
        let instant = Timestamp { millis, nanos };
        let zone = Zone::parse("America/New_York").unwrap();
        let fields = [
            field("a", DataType::TimestampLtz(9)),
            field("b", DataType::Timestamp(9)),
            field("c", DataType::Date),
            field("d", DataType::Time(3)),
        ];
        let row = [
            Value::TimestampLtz(instant),
            Value::Timestamp(instant),
            Value::Date(date),
            Value::Time(time),
        ];
        let mut out = Vec::new();
        json::RowFormat::new(&fields, zone).encode(&row, &mut out);
        prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&out).is_ok());
    }
}
