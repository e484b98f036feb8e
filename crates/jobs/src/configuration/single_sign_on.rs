//! The section on single sign-on: texts that an installation sets together or not at all.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Name of the section.
pub(super) const NAME: &str = "single_sign_on";
/// What the section is about.
pub(super) const SENTENCE: &str =
    "Single sign-on through a provider of OpenID Connect; there is none unless it is set.";

/// A setting that is a text.
pub(super) struct Text {
    pub name: &'static str,
    pub sentence: &'static str,
    /// A value as somebody may set it.
    pub example: &'static str,
}

pub(super) const SETTINGS: [Text; 5] = [
    Text {
        name: "issuer",
        sentence: "The provider, exactly as it calls itself; https, or http on this machine.",
        example: "https://id.example.org/realms/customs",
    },
    Text { name: "client_id", sentence: "What the provider calls this installation.", example: "tidegate" },
    Text {
        name: "client_secret_file",
        sentence: "File with the secret that the provider gave this installation, seen from the home; none for a public client.",
        example: "client-secret",
    },
    Text {
        name: "public_url",
        sentence: "Where browsers reach this server; the provider sends them back to /sign-on/callback below it.",
        example: "https://tidegate.example.org",
    },
    Text {
        name: "scopes",
        sentence: "What is asked of the provider, `openid` among it; `openid` alone when left out.",
        example: "openid",
    },
];

/// Single sign-on through a provider of OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleSignOn {
    /// The provider, exactly as it calls itself.
    pub issuer: String,
    /// What the provider calls this installation.
    pub client_id: String,
    /// File with the secret that the provider gave this installation, seen from the home; none for a public client.
    pub client_secret_file: Option<PathBuf>,
    /// Where browsers reach this server, without a slash at its end.
    pub public_url: String,
    /// What is asked of the provider.
    pub scopes: Vec<String>,
}

impl SingleSignOn {
    /// Takes the texts that are set, each of them known; a mistake names the setting that is wrong or missing, and says why.
    pub(super) fn of(mut set: BTreeMap<&'static str, String>) -> Result<Self, (&'static str, String)> {
        let needed = |name: &'static str, set: &mut BTreeMap<&str, String>| {
            set.remove(name).filter(|text| !text.trim().is_empty()).ok_or_else(|| {
                (
                    name,
                    format!("`{NAME}.{name}` is missing; issuer, client_id and public_url are set together"),
                )
            })
        };
        let issuer = needed("issuer", &mut set)?;
        let client_id = needed("client_id", &mut set)?;
        let public_url = needed("public_url", &mut set)?;
        check_url("issuer", &issuer)?;
        check_url("public_url", &public_url)?;
        let scopes = set.remove("scopes").unwrap_or_else(|| "openid".to_owned());
        let scopes: Vec<String> = scopes.split_whitespace().map(str::to_owned).collect();
        if !scopes.iter().any(|scope| scope == "openid") {
            let problem =
                format!("`{NAME}.scopes` must have `openid` among them, as OpenID Connect wants it");
            return Err(("scopes", problem));
        }
        Ok(Self {
            issuer,
            client_id,
            client_secret_file: set.remove("client_secret_file").map(PathBuf::from),
            public_url: public_url.trim_end_matches('/').to_owned(),
            scopes,
        })
    }

    /// The value of a setting as it stands in the file; nothing when it is not set.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match name {
            "issuer" => Some(self.issuer.clone()),
            "client_id" => Some(self.client_id.clone()),
            "client_secret_file" => self.client_secret_file.as_ref().map(|path| path.display().to_string()),
            "public_url" => Some(self.public_url.clone()),
            "scopes" => Some(self.scopes.join(" ")),
            _ => None,
        }
    }

    /// Whether browsers reach this server over TLS.
    pub fn is_public_over_tls(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Refuses what others could read or change on its way: http to another machine than this one.
fn check_url(name: &'static str, text: &str) -> Result<(), (&'static str, String)> {
    let is_right = match text.split_once("://") {
        Some(("https", rest)) => is_place(rest),
        Some(("http", rest)) => is_place(rest) && is_this_machine(rest.split('/').next().unwrap_or_default()),
        _ => false,
    };
    if is_right {
        return Ok(());
    }
    let right = "an https address without a query, or http on this machine (127.0.0.1, [::1], localhost)";
    Err((name, format!("`{NAME}.{name}` is {text:?}; it must be {right}")))
}

/// Whether this is a host, perhaps with a path, and nothing that could stand for somewhere else.
fn is_place(rest: &str) -> bool {
    let strange = |c: char| c.is_whitespace() || c.is_control() || "?#@\\".contains(c);
    !rest.starts_with('/') && !rest.is_empty() && !rest.contains(strange)
}

fn is_this_machine(authority: &str) -> bool {
    let ip = authority.parse().map(|address: SocketAddr| address.ip());
    let ip = ip.or_else(|_| authority.trim_matches(['[', ']']).parse::<IpAddr>());
    ip.is_ok_and(|ip| ip.is_loopback()) || authority.split(':').next() == Some("localhost")
}

#[cfg(test)]
mod tests {
    use crate::Configuration;

    const WHOLE: &str = "[single_sign_on]\nissuer = \"https://id.example.org\"\nclient_id = \"tidegate\"\n\
                         public_url = \"https://tidegate.example.org/\"\n";

    fn refused(text: &str) -> String {
        Configuration::parse("t.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn it_is_set_as_a_whole_or_not_at_all() {
        assert_eq!(Configuration::default().single_sign_on, None);
        let set = Configuration::parse("t.toml", WHOLE).unwrap().single_sign_on.unwrap();
        assert_eq!(
            (set.public_url.as_str(), set.scopes.as_slice()),
            ("https://tidegate.example.org", ["openid".to_owned()].as_slice())
        );
        assert!(set.client_secret_file.is_none() && set.is_public_over_tls());
        assert_eq!(
            refused("\n[single_sign_on]\nissuer = \"https://id.example.org\"\n"),
            "t.toml, line 2: `single_sign_on.client_id` is missing; issuer, client_id and public_url are set together"
        );
        assert!(
            refused("[single_sign_on]\nisuer = \"x\"\n")
                .contains("line 2: no setting in [single_sign_on] is called `isuer`; did you mean `issuer`?")
        );
        assert!(
            refused("[single_sign_on]\nissuer = 3\n")
                .contains("line 2: `single_sign_on.issuer` takes a text")
        );
        assert!(
            refused(&format!("{WHOLE}scopes = \"profile\"\n"))
                .contains("line 5: `single_sign_on.scopes` must have `openid`")
        );
    }

    #[test]
    fn nothing_goes_to_another_machine_in_the_clear() {
        let with =
            |issuer: &str| Configuration::parse("t.toml", &WHOLE.replace("https://id.example.org", issuer));
        for right in [
            "https://id.example.org:8443/realms/customs",
            "http://127.0.0.1:9400",
            "http://[::1]:9400/x",
            "http://[::1]",
            "http://localhost:9400",
            "http://localhost",
        ] {
            with(right).unwrap();
        }
        for wrong in [
            "http://id.example.org",
            "http://127.0.0.1@id.example.org",
            "http://localhost.example.org",
            "https://",
            "https:///x",
            "https://id.example.org?x=1",
            "https://id.example.org#x",
            "ftp://id.example.org",
            "id.example.org",
        ] {
            let told = with(wrong).unwrap_err().to_string();
            assert!(
                told.contains("line 2: `single_sign_on.issuer` is")
                    && told.contains("it must be an https address"),
                "{told}"
            );
        }
    }
}
