use crate::tree::{Tree, object, text, write};
use proptest::prelude::*;
use rookery_codecs::route::{Route, RouteError, route};

/// What the route of an object is, by the definition.
fn expected(object: &Tree) -> Result<Vec<u8>, RouteError> {
    let Tree::Object(members) = object else {
        return Err(RouteError::NotObject);
    };
    let found = members.iter().find(|(key, _)| key == "imei");
    let text = match found.map(|(_, value)| value) {
        None => return Err(RouteError::NoKey),
        Some(Tree::String(text) | Tree::Number(text)) => text,
        Some(_) => return Err(RouteError::NotScalar),
    };
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    match text.len() {
        0 => Err(RouteError::Empty),
        1..=64 => Ok(text.as_bytes().to_vec()),
        length => Err(RouteError::TooLong { length }),
    }
}

fn routed(line: &[u8]) -> Result<Vec<u8>, RouteError> {
    let mut scratch = b"left over".to_vec();
    match route(line, b"imei", &mut scratch) {
        Route::Key(key) => Ok(key.to_vec()),
        Route::Unroutable(error) => Err(error),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_first_top_level_key_routes(object in object(), choices: [u8; 32]) {
        let line = write(&object, &choices);
        prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&line).is_ok(), "{}", line);
        prop_assert_eq!(routed(line.as_bytes()), expected(&object), "{}", line);
    }

    /// Whatever stands in a string or below the top level, the route is that of the key.
    #[test]
    fn nothing_steals_the_route(
        object in object(),
        imei in "[0-9]{15}",
        place in 0_usize..4,
        choices: [u8; 32],
    ) {
        let Tree::Object(mut members) = object else { unreachable!("an object") };
        members.retain(|(key, _)| key != "imei");
        let place = place.min(members.len());
        members.insert(place, ("imei".to_owned(), Tree::String(imei.clone())));
        let line = write(&Tree::Object(members), &choices);
        prop_assert_eq!(routed(line.as_bytes()), Ok(imei.into_bytes()), "{}", line);
    }

    /// What comes behind the device key, cut off or garbage, does not change the route.
    #[test]
    fn broken_tails_keep_the_route(imei in "[0-9]{1,15}", tail: Vec<u8>, before in text()) {
        let before = serde_json::to_string(&before).unwrap();
        let mut line = format!("{{\"id\":{before},\"imei\":\"{imei}\",").into_bytes();
        line.extend_from_slice(&tail);
        prop_assert_eq!(routed(&line), Ok(imei.into_bytes()));
    }

    #[test]
    fn any_bytes_are_taken(line: Vec<u8>, object in object(), cut: prop::sample::Index, byte: u8) {
        let _ = routed(&line);
        let mut text = write(&object, &[1]).into_bytes();
        let at = cut.index(text.len());
        text[at] = byte;
        let _ = routed(&text);
        let _ = routed(&text[..at]);
    }
}
