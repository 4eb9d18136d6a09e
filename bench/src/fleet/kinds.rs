//! The kinds of machines and the shapes of their messages.

use super::template::Template;

/// A kind of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reports its state; no rule of the kind that the users run selects it.
    Washer,
    /// Type `08`, one order a message (`Flag` 04 or 05): one water order row each.
    Water,
    /// Type `0706`, the power of its channels: one power row each.
    Charger,
}

impl Kind {
    /// All kinds, in the order of a mix.
    pub const ALL: [Self; 3] = [Self::Washer, Self::Water, Self::Charger];

    /// The name that `--mix` uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Washer => "washer",
            Self::Water => "water",
            Self::Charger => "charger",
        }
    }

    /// Shapes of ordinary messages; a device keeps one of them, each as likely as the others.
    fn shapes(self) -> Vec<Template> {
        let texts: &[&str] = match self {
            Self::Washer => &WASHER,
            Self::Water => &WATER,
            Self::Charger => &CHARGER,
        };
        texts.iter().map(|text| Template::parse(text)).collect()
    }

    /// Shapes of the odd messages that `--noise` mixes in: all valid JSON with a device, but on
    /// the edges of what the rules select and read.
    fn noise(self) -> Vec<Template> {
        let texts: &[&str] = match self {
            Self::Washer => &WASHER_NOISE,
            Self::Water => &WATER_NOISE,
            Self::Charger => &CHARGER_NOISE,
        };
        texts.iter().map(|text| Template::parse(text)).collect()
    }
}

/// The parsed shapes of one kind.
pub struct Shapes {
    /// Ordinary ones.
    pub ordinary: Vec<Template>,
    /// Odd ones.
    pub noise: Vec<Template>,
}

impl Shapes {
    /// Shapes of each kind, in the order of [`Kind::ALL`].
    pub fn all() -> [Self; 3] {
        Kind::ALL.map(|kind| Self {
            ordinary: kind.shapes(),
            noise: kind.noise(),
        })
    }
}

const WASHER: [&str; 2] = [
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1WsH7rXk2Q","type":"0301","data":"{\"State\":\"3\",\"Program\":\"12\",\"Remain\":\"%%%\",\"Door\":\"1\",\"Spin\":\"%%%\",\"Fault\":\"00\"}","profile":"wash","time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1WsD4rYm8T","type":"0302","data":"{\"State\":\"2\",\"Program\":\"4\",\"Remain\":\"%%%\",\"Door\":\"1\",\"Heat\":\"%%%\",\"Fault\":\"00\",\"Coins\":\"2\"}","profile":"dry","time":"yyyy-MM-dd HH:mm:ss"}"#,
];

const WATER: [&str; 2] = [
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1WtR3sLp5E","type":"08","data":"{\"Flag\":\"0~\",\"Order\":\"@@@@@@@@@@@@\",\"Volume\":\"%%%\",\"Price\":\"%%%\",\"Card\":\"104729\"}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1WtB9vNc6G","type":"08","data":"{\"Order\":\"@@@@@@@@@@@@\",\"Flag\":\"0~\",\"Volume\":\"%%%\",\"Price\":\"%%%\",\"Temp\":\"%%%\",\"Tds\":\"%%%\",\"Card\":\"2741803\"}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
];

/// One channel.
const CHARGER_ONE: &str = r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":\"%%%\",\"Channel\":\"1\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#;
/// One channel, the power with a fraction, which the rule's cast cuts off.
const CHARGER_FRACTION: &str = r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":\"%%%.%%%\",\"Channel\":\"2\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#;
/// Two channels.
const CHARGER_TWO: &str = r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChK5wTd1Z","type":"0706","data":"{\"Powers\":[{\"Power\":\"%%%\",\"Channel\":\"1\",\"MsgId\":\"@@@@@@@@@@@@\"},{\"Power\":\"%%%\",\"Channel\":\"2\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#;
/// Three channels.
const CHARGER_THREE: &str = r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChK5wTd1Z","type":"0706","data":"{\"Powers\":[{\"Power\":\"%%%\",\"Channel\":\"1\",\"MsgId\":\"@@@@@@@@@@@@\"},{\"Power\":\"%%%\",\"Channel\":\"2\",\"MsgId\":\"@@@@@@@@@@@@\"},{\"Power\":\"%%%\",\"Channel\":\"3\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#;
/// The rule reads the first channel of each.
const CHARGER: [&str; 10] = [
    CHARGER_ONE,
    CHARGER_TWO,
    CHARGER_ONE,
    CHARGER_FRACTION,
    CHARGER_TWO,
    CHARGER_ONE,
    CHARGER_THREE,
    CHARGER_TWO,
    CHARGER_ONE,
    CHARGER_TWO,
];

const WASHER_NOISE: [&str; 4] = [
    r#"{"data":"{\"imei\":\"860000000000000\",\"type\":\"08\"}","type":8,"profile":null,"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$"}"#,
    r#" { "nested" : { "imei" : "1" } , "id" : "@@@@@@@@@@@@" , "imei" : $$$$$$$$$$$$$$$ , "type" : "0301" , "iccid" : 89860117850012345678 } "#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":null,"type":null,"data":null,"profile":null,"time":null}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1WsH7rXk2Q","type":"0706 ","data":"{\"Powers\":[{\"Power\":\"%%%\"}]}","weight":1e400,"profile":"洗衣机"}"#,
];

const WATER_NOISE: [&str; 10] = [
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1WtR3sLp5E","type":"08","data":"{\"Flag\":\"06\",\"Order\":\"@@@@@@@@@@@@\"}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1WtR3sLp5E","type":"08","data":"{\"Flag\":\"0~\",\"Order\":\"@@@@@@@@@@@@\"}","profile":"old","time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1WtR3sLp5E","type":"08","data":"{\"Flag\":\"0~\",\"Order\":\"@@@@@@@@@@@@\"","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","type":"08","data":"{\"Flag\":~}","profile":null}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","type":"08","data":null,"profile":null}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","type":"08","data":"","profile":null}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","type":"08","data":"[{\"Flag\":\"0~\"}]","profile":null}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","type":"08","data":"{\"Flag\":\"0~\",\"站点\":\"东门 \\\"2\\\" 号\",\"tab\":\"a\\tb\"}","profile":null}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","type":"08","data":"{ \"x\" : { \"Flag\" : \"06\" } , \"Flag\" : \"0~\" }"}"#,
    r#"{"profile":null,"data":"{\"Flag\":\"\u0030~\"}","type":"\u00308","imei":$$$$$$$$$$$$$$$,"id":"@@@@@@@@@@@@"}"#,
];

const CHARGER_NOISE: [&str; 14] = [
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[null,{\"Power\":\"%%%\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":null}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"not json","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":\"idle\",\"Channel\":\"1\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":\"\",\"Channel\":\"1\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":\"2147483648\",\"Channel\":\"1\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":\"-2147483648\",\"Channel\":1,\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":-%%%.75,\"MsgId\":1@@@@@@@@@@@@}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[\"@@@@@@@@@@@@\"]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","type":"0706","data":"{\"Powers\":[{\"Power\":\"%%%\",\"Channel\":{\"n\":[1,\"2\"]},\"MsgId\":\"@@@@@@@@@@@@\"}]}","time":"soon"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":\"%%%\",\"Channel\":\"1\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":\"+%%%\",\"Channel\":\"甲\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
    r#"{"id":"@@@@@@@@@@@@","imei":"$$$$$$$$$$$$$$$","pk":"a1ChG2eRj7U","type":"0706","data":"{\"Powers\":[{\"Power\":true,\"Channel\":\"1\",\"MsgId\":\"@@@@@@@@@@@@\"}]}","profile":null,"time":"yyyy-MM-dd HH:mm:ss"}"#,
];
