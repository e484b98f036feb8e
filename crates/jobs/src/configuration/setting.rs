//! One setting seen through its definition, and the macro that defines sections of them.

/// A value as the file has it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Number {
    /// A whole number.
    Whole(u64),
    /// A number with a point.
    Real(f64),
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            // With a point even where the fraction is zero, so that TOML reads it back as what it is.
            Self::Real(number) => write!(f, "{number:?}"),
        }
    }
}

/// A type that settings may have.
pub(super) trait Value: Copy {
    fn number(self) -> Number;
    /// The value of a number; nothing when the number is of another kind or too large.
    fn of(number: Number) -> Option<Self>;
}

macro_rules! whole {
    ($($type:ty: $widen:expr;)*) => { $(
        impl Value for $type {
            fn number(self) -> Number {
                let widen: fn($type) -> u64 = $widen;
                Number::Whole(widen(self))
            }
            fn of(number: Number) -> Option<Self> {
                match number {
                    Number::Whole(number) => number.try_into().ok(),
                    Number::Real(_) => None,
                }
            }
        }
    )* };
}

whole! {
    u32: u64::from;
    u64: std::convert::identity;
    usize: |number| number as u64;
}

impl Value for f64 {
    fn number(self) -> Number {
        Number::Real(self)
    }
    fn of(number: Number) -> Option<Self> {
        match number {
            Number::Real(number) => Some(number),
            Number::Whole(number) => Some(number as f64),
        }
    }
}

/// A setting with its value.
pub(super) struct Setting {
    pub name: &'static str,
    pub sentence: &'static str,
    /// Unit of the value; empty when it has none.
    pub unit: &'static str,
    pub value: Number,
    pub default: Number,
    pub least: Number,
    pub most: Number,
}

/// Settings that belong together.
pub(super) struct Section {
    pub name: &'static str,
    pub sentence: &'static str,
    pub settings: Vec<Setting>,
}

/// Why a setting does not take a value.
pub(super) enum SetError {
    /// The number is of another kind or out of range.
    Refused(&'static str, Number, Number),
}

/// Defines sections as structs, and [`super::Configuration`] over all of them. Each setting has a sentence, a type, a
/// default, a unit, and the least and greatest value it may take.
macro_rules! sections {
    ($(
        #[doc = $sentence:literal]
        $section:ident : $Section:ident {
            $(
                #[doc = $setting_sentence:literal]
                $setting:ident : $type:ty = $default:expr, $unit:literal, $least:expr, $most:expr;
            )*
        }
    )*) => {
        $(
            #[doc = $sentence]
            #[derive(Debug, Clone, Copy, PartialEq)]
            pub struct $Section {
                $( #[doc = $setting_sentence] pub $setting: $type, )*
            }

            impl Default for $Section {
                fn default() -> Self {
                    Self { $( $setting: $default, )* }
                }
            }

            impl $Section {
                fn settings(&self) -> Vec<Setting> {
                    vec![$( Setting {
                        name: stringify!($setting),
                        sentence: $setting_sentence.trim_ascii(),
                        unit: $unit,
                        value: self.$setting.number(),
                        default: Self::default().$setting.number(),
                        least: <$type>::number($least),
                        most: <$type>::number($most),
                    }, )*]
                }

                /// Sets a setting; nothing when there is none of the name.
                fn set(&mut self, name: &str, number: Number) -> Option<Result<(), SetError>> {
                    match name {
                        $( stringify!($setting) => {
                            let range: std::ops::RangeInclusive<$type> = $least..=$most;
                            Some(match <$type>::of(number).filter(|v| range.contains(v)) {
                                Some(value) => {
                                    self.$setting = value;
                                    Ok(())
                                }
                                None => Err(SetError::Refused(
                                    $unit,
                                    range.start().number(),
                                    range.end().number(),
                                )),
                            })
                        } )*
                        _ => None,
                    }
                }
            }
        )*

        /// Every limit and default that an installation may change.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Configuration {
            $( #[doc = $sentence] pub $section: $Section, )*
            /// Single sign-on, where it is set.
            pub single_sign_on: Option<SingleSignOn>,
            /// The file that was read, and the line of each setting in it by section and name.
            lines: BTreeMap<(&'static str, String), u32>,
            file: Option<String>,
        }

        impl Configuration {
            fn sections(&self) -> Vec<Section> {
                vec![$( Section {
                    name: stringify!($section),
                    sentence: $sentence.trim_ascii(),
                    settings: self.$section.settings(),
                }, )*]
            }

            /// Sets a setting; nothing when there is none of the name.
            fn set(&mut self, section: &str, name: &str, number: Number) -> Option<Result<(), SetError>> {
                match section {
                    $( stringify!($section) => self.$section.set(name, number), )*
                    _ => None,
                }
            }
        }
    };
}
pub(super) use sections;
