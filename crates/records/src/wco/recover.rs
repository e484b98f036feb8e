//! Finds the way back after broken markup, by looking at tags alone.

use super::document::STARTS;
use super::names::local;
use super::source::Source;
use std::io::{self, Read};

/// Bytes of a tag that are looked at; names of messages and their prefixes are shorter.
const LOOK_AHEAD: usize = 96;

/// Where the search stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Landing {
    /// After the end tag of the broken message.
    MessageEnd,
    /// Before the end tag of the header around it.
    HeaderEnd,
    /// Before the start tag of another message.
    NextMessage,
    /// Before the XML declaration of another document.
    NextDocument,
    /// At the end of the source.
    End,
}

/// Reads on to where a message can be read again; `message` is the element name of the broken message, when
/// the search starts inside one.
pub(super) fn recover<R: Read>(source: &mut Source<R>, message: Option<&str>) -> io::Result<Landing> {
    loop {
        let ahead = source.peek(LOOK_AHEAD)?;
        let Some(start) = ahead.iter().position(|b| *b == b'<') else {
            let length = ahead.len();
            if length == 0 {
                return Ok(Landing::End);
            }
            source.skip(length);
            continue;
        };
        source.skip(start);
        let tag = source.peek(LOOK_AHEAD)?;
        let landing = landing(&tag[..tag.len().min(LOOK_AHEAD)], message);
        source.begin_event();
        match landing {
            None => source.skip(1),
            Some(Landing::MessageEnd) => {
                skip_tag(source)?;
                return Ok(Landing::MessageEnd);
            }
            Some(landing) => return Ok(landing),
        }
    }
}

fn landing(tag: &[u8], message: Option<&str>) -> Option<Landing> {
    if tag.starts_with(b"<?xml") && tag.get(5).is_some_and(u8::is_ascii_whitespace) {
        return Some(Landing::NextDocument);
    }
    let is_end = tag.get(1) == Some(&b'/');
    let name = tag.get(if is_end { 2 } else { 1 }..)?;
    let length = name.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/' | b'<'))?;
    let name = local(std::str::from_utf8(&name[..length]).ok()?);
    if is_end {
        return match message {
            Some(message) if name == message => Some(Landing::MessageEnd),
            Some(_) if name == "MetaData" => Some(Landing::HeaderEnd),
            _ => None,
        };
    }
    // A response holds declarations of its own.
    let inside = message == Some("Response") && name == "Declaration";
    (STARTS.contains(&name) && !inside).then_some(Landing::NextMessage)
}

fn skip_tag<R: Read>(source: &mut Source<R>) -> io::Result<()> {
    loop {
        let ahead = source.peek(1)?;
        let end = ahead.iter().position(|b| *b == b'>');
        let length = ahead.len();
        source.skip(end.map_or(length, |e| e + 1));
        if end.is_some() || length == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_landed_at_by_what_they_mean() {
        let inside = |tag: &str| landing(tag.as_bytes(), Some("Declaration"));
        assert_eq!(inside("</p:Declaration >"), Some(Landing::MessageEnd));
        assert_eq!(inside("</md:MetaData>"), Some(Landing::HeaderEnd));
        assert_eq!(inside("<Declaration xmlns='x'>"), Some(Landing::NextMessage));
        assert_eq!(inside("<?xml version='1.0'?>"), Some(Landing::NextDocument));
        for tag in ["<?xml-stylesheet?>", "<ID>", "</ID>", "<", "</", "<Declaration"] {
            assert_eq!(inside(tag), None, "{tag}");
        }
        assert_eq!(landing(b"<Declaration>", Some("Response")), None);
        assert_eq!(landing(b"</Declaration>", None), None);
    }

    #[test]
    fn the_search_crosses_reads_and_counts_lines() {
        let text = format!("x\n{}\n</Declar\n<ID></n1:Declaration\n>rest", "y".repeat(200_000));
        let mut source = Source::new(text.as_bytes(), 1 << 20);
        assert_eq!(recover(&mut source, Some("Declaration")).unwrap(), Landing::MessageEnd);
        assert_eq!(source.line(), 5);
        assert_eq!(source.peek(4).unwrap(), b"rest");
        assert_eq!(recover(&mut source, None).unwrap(), Landing::End);
    }
}
