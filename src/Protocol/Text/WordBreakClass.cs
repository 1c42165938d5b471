namespace FederationNode.Protocol.Text;

/// <summary>Word_Break of UAX #29 table 3; the numbers are those in the tables.</summary>
internal enum WordBreakClass
{
    Other = 0,
    CarriageReturn = 1,
    LineFeed = 2,
    Newline = 3,
    Extend = 4,
    ZeroWidthJoiner = 5,
    Format = 6,
    RegionalIndicator = 7,
    Katakana = 8,
    HebrewLetter = 9,
    AlphabeticLetter = 10,
    SingleQuote = 11,
    DoubleQuote = 12,
    MidNumberLetter = 13,
    MidLetter = 14,
    MidNumber = 15,
    Numeric = 16,
    ExtendNumberLetter = 17,
    WhiteSpace = 18,
}
