//! Functions of text.

/// Which end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The beginning.
    Leading,
    /// The end.
    Trailing,
    /// Both.
    Both,
}

/// A function of text. Places and lengths count characters (code points), from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextFunction {
    /// CHAR_LENGTH(text): INT.
    CharLength,
    /// UPPER(text)
    Upper,
    /// LOWER(text)
    Lower,
    /// INITCAP(text): each word begins with a capital.
    InitCap,
    /// REVERSE(text)
    Reverse,
    /// SUBSTRING(text, start [, length]); a negative start counts from the end.
    Substring,
    /// LEFT(text, length)
    Left,
    /// RIGHT(text, length)
    Right,
    /// POSITION(part IN text [FROM start]), LOCATE(part, text [, start]): INT, 0 if not there.
    Position,
    /// INSTR(text, part [, start [, nth]]): INT, 0 if not there; a negative start searches backwards.
    Instr,
    /// TRIM, LTRIM, RTRIM, BTRIM(text [, characters]): blanks unless said.
    Trim(Side),
    /// LPAD(text, length, pad)
    LeftPad,
    /// RPAD(text, length, pad)
    RightPad,
    /// REPEAT(text, times)
    Repeat,
    /// REPLACE(text, part, by)
    Replace,
    /// TRANSLATE(text, characters, by)
    Translate,
    /// OVERLAY(text PLACING by FROM start [FOR length])
    Overlay,
    /// SPLIT_INDEX(text, separator, index from 0)
    SplitIndex,
    /// SPLIT_INDEX(text, code point of the separator, index from 0)
    SplitIndexCode,
    /// SPLIT(text, separator): ARRAY of STRING.
    Split,
    /// STR_TO_MAP(text [, between pairs, between key and value]): MAP of STRING by STRING.
    StrToMap,
    /// ASCII(text): INT, the first byte's code.
    Ascii,
    /// CHR(code): the character of its lowest byte.
    Chr,
    /// CONCAT_WS(separator, text ..): NULLs are left out.
    ConcatWs,
    /// STARTSWITH(text, start), of bytes too.
    StartsWith,
    /// ENDSWITH(text, end), of bytes too.
    EndsWith,
    /// ELT(index from 1, value ..)
    Elt,
    /// PRINTF(format, value ..): as `java.util.Formatter`.
    Printf,
    /// TO_BASE64(text)
    ToBase64,
    /// FROM_BASE64(text)
    FromBase64,
    /// ENCODE(text, character set): BYTES.
    Encode,
    /// DECODE(bytes, character set): STRING.
    Decode,
    /// UUID(): made of the row's identity.
    Uuid,
    /// MD5(text): hexadecimal digits, like its neighbours.
    Md5,
    /// SHA1(text)
    Sha1,
    /// SHA224(text)
    Sha224,
    /// SHA256(text)
    Sha256,
    /// SHA384(text)
    Sha384,
    /// SHA512(text)
    Sha512,
    /// SHA2(text, bits)
    Sha2,
    /// HASH_CODE(text): INT, as Java's `String.hashCode`.
    HashCode,
    /// KEYVALUE(text, between pairs, between key and value, key) (blink)
    KeyValue,
    /// PARSE_URL(url, part [, key])
    ParseUrl,
    /// URL_ENCODE(text)
    UrlEncode,
    /// URL_DECODE(text [, whether again and again])
    UrlDecode,
    /// REGEXP(text, pattern): whether it is found.
    Regexp,
    /// REGEXP_EXTRACT(text, pattern [, group])
    RegexpExtract,
    /// REGEXP_EXTRACT_ALL(text, pattern [, group]): ARRAY of STRING.
    RegexpExtractAll,
    /// REGEXP_REPLACE(text, pattern, by)
    RegexpReplace,
    /// REGEXP_COUNT(text, pattern): INT.
    RegexpCount,
    /// REGEXP_INSTR(text, pattern): INT, 0 if not there.
    RegexpInstr,
    /// REGEXP_SUBSTR(text, pattern)
    RegexpSubstr,
}
