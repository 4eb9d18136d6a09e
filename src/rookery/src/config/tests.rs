use super::*;

fn rendered(text: &str) -> String {
    Config::parse("rookery.toml", text)
        .expect_err("the text is faulty")
        .render(false)
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let config = Config::parse("rookery.toml", "").expect("good");
    assert_eq!(config.data_dir, Path::new("/var/lib/rookery"));
    assert_eq!(config.shards, None);
    assert_eq!(config.durability, Durability::Sync);
    assert_eq!(config.rules, ["/etc/rookery/rules/*.sql"]);
    assert_eq!(config.listen.tcp.to_string(), "127.0.0.1:7710");
    assert_eq!(config.listen.device_key, "imei");
    assert_eq!(config.admin_listen.to_string(), "127.0.0.1:7711");
    assert_eq!(config.log.segment_size_bytes, 134_217_728);
    assert_eq!(config.log.retain_hours, 24);
    assert_eq!(config.log.retain_bytes, None);
    assert!(!config.log.unsafe_filesystem);
    assert!(config.tables.is_empty());
}

#[test]
fn the_printed_defaults_can_be_read_back_and_are_the_defaults() {
    let printed = default_toml();
    let read = Config::parse("default.toml", &printed).expect("good");
    let empty = Config::parse("empty.toml", "").expect("good");
    assert_eq!(format!("{read:?}"), format!("{empty:?}"));
    for key in keys::KEYS {
        assert!(
            printed.contains(&format!("\n{} = ", key.name)),
            "{} is missing",
            key.path()
        );
    }
    let commented: String = printed
        .lines()
        .map(|line| {
            let example = line.starts_with("# [tables") || line.contains(" = \"");
            let line = if example {
                line.trim_start_matches("# ")
            } else {
                line
            };
            format!("{line}\n")
        })
        .collect();
    let with_tables = Config::parse("commented.toml", &commented).expect("good");
    assert_eq!(with_tables.tables.len(), 2);
}

#[test]
fn every_value_of_a_full_file_is_taken() {
    let config = Config::parse(
        "rookery.toml",
        r#"
        data_dir = "/srv/r"
        shards = 3
        durability = "os"
        rules = ["a.sql", "b/*.sql"]
        [listen]
        tcp = "[::1]:0"
        device_key = "dev"
        frame_max_bytes = 0x4000
        connections_max = 5
        unacked_max_bytes = 1_000_000
        frame_deadline_ms = 500
        idle_timeout_ms = 2000
        forwarders_max = 7
        [admin]
        listen = "localhost:0"
        [log]
        segment_size_bytes = 1048576
        retain_hours = 1
        retain_bytes = 5000000
        unsafe_filesystem = true
        [spill]
        lane_max_bytes = 100000000
        max_bytes = 300000000
        policy = "drop_oldest"
        [dead_letters]
        max_bytes = 200000000
        [tables.iot_up]
        connector = "tcp"
        [tables."power.charge_power"]
        connector = "filesystem"
        path = "/x"
        sink.roll = 3
        flag = true
        "#,
    )
    .expect("good");
    assert_eq!(config.shards, Some(3));
    assert_eq!(config.durability, Durability::Os);
    assert_eq!(config.listen.tcp.to_string(), "[::1]:0");
    assert_eq!(config.listen.frame_max_bytes, 16384);
    assert_eq!(config.listen.unacked_max_bytes, 1_000_000);
    assert_eq!(config.listen.forwarders_max, 7);
    assert_eq!(config.admin_listen.to_string(), "127.0.0.1:0");
    assert_eq!(config.log.retain_bytes, Some(5_000_000));
    assert_eq!(config.spill.lane_max_bytes, 100_000_000);
    assert_eq!(config.spill.max_bytes, 300_000_000);
    assert!(config.spill.drop_oldest);
    assert_eq!(config.dead_letters_max_bytes, 200_000_000);
    let power = config
        .tables
        .iter()
        .find(|table| table.name == "power.charge_power")
        .expect("read");
    let pairs: Vec<String> = power
        .options
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(
        pairs,
        [
            "connector=filesystem",
            "flag=true",
            "path=/x",
            "sink.roll=3"
        ]
    );
}

#[test]
fn an_unknown_key_names_line_and_suggestion() {
    assert_eq!(
        rendered("data_dir = \"/x\"\n[listen]\ntpc = \"127.0.0.1:1\"\n"),
        "error[E4003]: unknown key `listen.tpc`
 --> rookery.toml:3:1
  |
3 | tpc = \"127.0.0.1:1\"
  | ^^^
  |
  = help: did you mean `listen.tcp`?
"
    );
}

#[test]
fn suggestions_find_slips_sections_and_keys_of_other_sections() {
    let helps = [
        ("datadir = 1", "did you mean `data_dir`?"),
        ("[lsten]\ntcp = 1", "did you mean `[listen]`?"),
        ("[table.x]\nconnector = 'tcp'", "did you mean `[tables]`?"),
        ("device_key = 'x'", "did you mean `listen.device_key`?"),
        (
            "[log]\nunsafe_file_system = true",
            "did you mean `log.unsafe_filesystem`?",
        ),
        ("zzz = 1", "`rookery config default` prints every key"),
    ];
    for (text, help) in helps {
        let report = rendered(text);
        assert!(report.contains(help), "{text}: {report}");
    }
}

#[test]
fn every_fault_of_a_file_is_named_at_once() {
    let report = rendered(
        "shards = 999\ndurability = 'fast'\nrules = 'x.sql'\ndata_dir = ' '\n\
         [listen]\ntcp = '0.0.0.0:7710'\nframe_max_bytes = -1\n[admin]\nlisten = '7711'\n",
    );
    for text in [
        "error[E4005]: `shards` = 999 is outside 0 to 256 shards",
        "error[E4006]: `durability` = \"fast\" is none of \"sync\", \"os\"",
        "error[E4004]: `rules` is a string, but must be an array of strings",
        "error[E4009]: `data_dir` is empty",
        "error[E4008]: `listen.tcp` = \"0.0.0.0:7710\" is not on loopback",
        "error[E4005]: `listen.frame_max_bytes` = -1 is outside 2,048 to 8,388,608 bytes",
        "error[E4007]: `admin.listen` = \"7711\" is not an address",
    ] {
        assert!(report.contains(text), "{text} is missing in {report}");
    }
}

#[test]
fn related_keys_are_held_against_each_other() {
    let report =
        rendered("[listen]\nframe_max_bytes = 1048576\n[log]\nsegment_size_bytes = 1048576\n");
    assert!(
        report.contains(
            "`log.segment_size_bytes` = 1048576 must be at least 1056768, which `listen.frame_max_bytes` = 1048576 needs"
        ),
        "{report}"
    );
}

#[test]
fn a_small_segment_lowers_the_frame_limit_that_nobody_gave() {
    let config =
        Config::parse("rookery.toml", "[log]\nsegment_size_bytes = 65536\n").expect("good");
    assert_eq!(config.listen.frame_max_bytes, 57_344);
    let report = rendered("[log]\nsegment_size_bytes = 65537\n");
    assert!(report.contains("error[E4013]"), "{report}");
}

#[test]
fn faults_in_tables_say_how_to_write_them() {
    let report = rendered("[tables.file.iot_up]\nconnector = 'tcp'\n");
    assert!(report.contains("`[tables.\"file.iot_up\"]`"), "{report}");
    let report = rendered("[tables.iot_up]\npath = 'x'\n");
    assert!(report.contains("error[E4011]"), "{report}");
    let report = rendered("[tables.iot_up]\nconnector = ['tcp']\n");
    assert!(report.contains("error[E4012]"), "{report}");
    let report = rendered("tables = 3\n");
    assert!(
        report.contains("`tables` is an integer, but must be a table"),
        "{report}"
    );
}

#[test]
fn what_is_not_toml_is_refused_with_its_place() {
    let report = rendered("data_dir = \"/x\"\nshards = = 2\n");
    assert!(report.contains("error[E4002]: not TOML"), "{report}");
    assert!(report.contains("rookery.toml:2:"), "{report}");
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let report = Config::load(Path::new("/nonexistent/rookery.toml"))
        .expect_err("missing")
        .render(false);
    assert!(report.contains("error[E4001]"), "{report}");
    assert!(report.contains("rookery config default"), "{report}");
}

#[test]
fn the_documentation_lists_every_key() {
    let page = include_str!("../../../../docs/configuration.md");
    let mut missing = Vec::new();
    for key in keys::KEYS {
        let line = print::table_line(key);
        if !page.contains(&line) {
            missing.push(line);
        }
    }
    assert!(
        missing.is_empty(),
        "docs/configuration.md lacks:\n{}",
        missing.join("\n")
    );
}
