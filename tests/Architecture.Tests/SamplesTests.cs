using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Architecture.Tests;

/// <summary>Keeps samples/ in the form that `fednode import` reads and free of what must not be bundled.</summary>
public sealed partial class SamplesTests
{
    private static readonly string[] Columns =
    [
        "kind", "value", "lang", "category", "taxon", "cites", "action", "confidence", "severity", "match", "any_of",
        "all_of", "none_of", "window", "source",
    ];

    private static readonly string[] Categories =
    [
        "ivory", "rhino-horn", "pangolin", "tiger", "big-cat", "bear-bile", "helmeted-hornbill", "live-bird",
        "live-reptile", "tortoise-turtle", "live-primate", "live-amphibian", "live-invertebrate", "fish-eel",
        "seahorse", "coral-shell", "shark-ray", "orchid-plant", "timber-agarwood", "musk-deer", "saiga",
        "antelope-shahtoosh", "fur-skin", "bushmeat", "hunting-tools", "other",
    ];

    private static readonly string[] Severities = ["low", "medium", "high", "critical"];

    [Theory]
    [InlineData("indicators.csv")]
    [InlineData("codewords.csv")]
    [InlineData("images.csv")]
    public void Csv_AnyRow_HasColumnsAndVocabulary(string file)
    {
        foreach (var row in Rows(file))
        {
            var text = $"{file}: {string.Join(',', row.Values)}";
            Assert.True(row.Values.All(value => value == value.Trim()), $"Surrounding blanks in {text}");
            Assert.True(row["value"].Length > 0, $"Empty value in {text}");
            Assert.True(Categories.Contains(row["category"]), $"Unknown category in {text}");
            Assert.True(row["cites"] is "" or "I" or "II" or "III", $"Unknown Appendix in {text}");
            Assert.True(row["action"] is "block" or "review" or "signal", $"Unknown action in {text}");
            Assert.True(Severities.Contains(row["severity"]), $"Unknown severity in {text}");
            Assert.True(Number(row["confidence"]) is >= 0 and <= 100, $"Confidence outside 0..100 in {text}");
            Assert.True(row["source"].Length > 0, $"No source in {text}");
            Assert.DoesNotContain("http", row["source"], StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("indicators.csv")]
    [InlineData("codewords.csv")]
    public void Keyword_AnyRow_NeverBlocksAndIsWellFormed(string file)
    {
        foreach (var row in Rows(file))
        {
            var text = $"{file}: {string.Join(',', row.Values)}";
            Assert.Equal("keyword", row["kind"]);
            Assert.True(row["action"] != "block", $"A keyword must not block: {text}");
            Assert.Matches(LanguageTag(), row["lang"]);
            Assert.True(row["match"] is "auto" or "word" or "substring" or "prefix", $"Unknown match in {text}");
            var general = row["taxon"].Length == 0 && row["category"] is "bushmeat" or "hunting-tools";
            Assert.True(general || Taxon().IsMatch(row["taxon"]), $"No or odd taxon: {text}");
            Assert.True(HasContext(row) == (row["window"].Length > 0), $"Window and context must go together: {text}");
            Assert.True(row["window"].Length == 0 || Number(row["window"]) is >= 0 and <= 1000, $"Odd window: {text}");
            foreach (var term in Terms(row))
            {
                Assert.True(term.Length > 0 && term == term.Trim(), $"An empty or padded context term in {text}");
            }
        }
    }

    [Fact]
    public void ScientificName_AnyRow_IsItsOwnTaxon()
    {
        foreach (var row in Rows("indicators.csv").Where(row => row["lang"] == "la"))
        {
            Assert.Equal(row["taxon"], row["value"]);
            Assert.NotEqual("", row["cites"]);
        }
    }

    [Fact]
    public void Keyword_ShortText_HasContextRule()
    {
        foreach (var row in Rows("indicators.csv").Concat(Rows("codewords.csv")))
        {
            var runes = row["value"].EnumerateRunes().ToArray();
            var han = runes.Count(rune => rune.Value is (>= 0x3400 and <= 0x9FFF) or (>= 0x20000 and <= 0x3FFFF));
            var letters = runes.Count(Rune.IsLetter);
            Assert.True(han >= 2 || letters >= 4 || HasContext(row), $"Too short without context: {row["value"]}");
        }
    }

    [Fact]
    public void Keywords_BothFiles_HoldNoDuplicates()
    {
        var twice = Rows("indicators.csv").Concat(Rows("codewords.csv"))
            .GroupBy(row => row["value"].Trim().ToLowerInvariant())
            .Where(group => group.Count() > 1)
            .Select(group => group.Key);
        Assert.Empty(twice);
    }

    [Fact]
    public void Indicators_AsAWhole_AreManyInManyLanguagesChineseForemost()
    {
        var rows = Rows("indicators.csv");
        var byLanguage = rows.CountBy(row => row["lang"].Split('-')[0]).ToDictionary();
        Assert.True(rows.Count >= 330, $"Only {rows.Count} indicators.");
        Assert.True(byLanguage.Keys.Count(key => key != "la") >= 8, "Fewer than 8 languages.");
        Assert.Equal("zh", byLanguage.Where(pair => pair.Key != "la").MaxBy(pair => pair.Value).Key);
        Assert.Contains(rows, row => row["lang"] == "zh-Hant");
        Assert.Empty(Categories.Except(rows.Select(row => row["category"])));
    }

    [Fact]
    public void Codeword_AnyRow_HasContextThatMustBePresent()
    {
        var rows = Rows("codewords.csv");
        Assert.True(rows.Count >= 15, $"Only {rows.Count} code words.");
        foreach (var row in rows)
        {
            Assert.True(row["any_of"].Length + row["all_of"].Length > 0, $"A bare code word: {row["value"]}");
            Assert.Matches(Year(), row["source"]);
        }
    }

    [Fact]
    public void Images_Hashes_AreThoseOfTheBundledFiles()
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Vector("pdq", "expected.json")));
        var pdq = expected.RootElement.EnumerateArray()
            .ToDictionary(item => item.GetProperty("file").GetString()!, item => item.GetProperty("pdq").GetString()!);
        var rows = Rows("images.csv");
        Assert.Contains(rows, row => row["kind"] == "image-pdq");
        foreach (var row in rows)
        {
            var file = row["source"].Split(' ')[^1];
            var bytes = File.ReadAllBytes(Sample("images", file));
            var hash = row["kind"] switch
            {
                "image-pdq" => pdq[file],
                "image-sha256" => Convert.ToHexStringLower(SHA256.HashData(bytes)),
                _ => $"unknown kind {row["kind"]}",
            };
            Assert.Equal(hash, row["value"]);
            Assert.Equal("", row["lang"] + row["taxon"] + row["match"] + row["window"] + string.Concat(Terms(row)));
        }

        foreach (var path in Directory.EnumerateFiles(Sample("images"), "*.jpg"))
        {
            Assert.Equal(File.ReadAllBytes(TestFiles.Vector("pdq", Path.GetFileName(path))), File.ReadAllBytes(path));
        }
    }

    [Fact]
    public void Sellers_AnyRow_IsFromAReservedRange()
    {
        var records = Records(File.ReadAllText(Sample("sellers.csv")));
        Assert.Equal(["type", "value", "region"], records[0]);
        Assert.Equal(12, records.Count - 1);
        foreach (var record in records.Skip(1))
        {
            var digits = string.Concat(record[1].Where(char.IsAsciiDigit));
            var reserved = record[0] switch
            {
                "tel" => ReservedNumber().IsMatch(digits),
                "email" => ReservedMail().IsMatch(record[1]),
                "url" => new Uri(record[1]).Host.EndsWith(".example", StringComparison.Ordinal),
                _ => record[0].StartsWith("acct:example-", StringComparison.Ordinal),
            };
            Assert.True(reserved, $"Not a reserved identifier: {record[1]}");
        }
    }

    [Theory]
    [InlineData("a,b\n\"x,\"\"y\"\"\",z\n", "x,\"y\"")]
    [InlineData("a,b\nplain,z\n", "plain")]
    public void Records_QuotedField_IsUnquoted(string csv, string expected) =>
        Assert.Equal(expected, Records(csv)[1][0]);

    [Theory]
    [InlineData("a,b\r\n")]
    [InlineData("a,b")]
    [InlineData("a\"b,c\n")]
    [InlineData("\"a\"b,c\n")]
    [InlineData("\"a,b\n")]
    public void Records_MalformedText_IsRefused(string csv) => Assert.Throws<FormatException>(() => Records(csv));

    private static string Sample(params string[] parts) => Path.Combine([TestFiles.Repository, "samples", .. parts]);

    private static bool HasContext(Dictionary<string, string> row) =>
        row["any_of"].Length + row["all_of"].Length + row["none_of"].Length > 0;

    private static IEnumerable<string> Terms(Dictionary<string, string> row) =>
        new[] { row["any_of"], row["all_of"], row["none_of"] }
            .Where(list => list.Length > 0)
            .SelectMany(list => list.Split('|'));

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static List<Dictionary<string, string>> Rows(string file)
    {
        var bytes = File.ReadAllBytes(Sample(file));
        var records = Records(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        Assert.Equal(Columns, records[0]);
        Assert.All(records, record => Assert.Equal(Columns.Length, record.Count));
        return [.. records.Skip(1).Select(record => Columns.Zip(record).ToDictionary())];
    }

    /// <summary>RFC 4180 with LF line ends; the last line ends with LF too. Anything else throws.</summary>
    private static List<List<string>> Records(string text)
    {
        List<List<string>> records = [];
        List<string> record = [];
        for (var at = 0; at < text.Length; at++)
        {
            var field = text[at] == '"' ? Quoted(text, ref at) : Plain(text, ref at);
            record.Add(field);
            if (at == text.Length || text[at] is not (',' or '\n'))
            {
                throw new FormatException($"A field at character {at} does not end with a comma or LF.");
            }

            if (text[at] == '\n')
            {
                records.Add(record);
                record = [];
            }
            else if (at + 1 == text.Length)
            {
                throw new FormatException("The text ends after a comma.");
            }
        }

        return records;
    }

    private static string Plain(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && text[at] is not (',' or '\n' or '\r' or '"'))
        {
            at++;
        }

        return text[start..at];
    }

    private static string Quoted(string text, ref int at)
    {
        StringBuilder field = new();
        for (at++; at < text.Length; at++)
        {
            if (text[at] != '"')
            {
                field.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '"')
            {
                field.Append(text[at++]);
            }
            else
            {
                at++;
                return field.ToString();
            }
        }

        throw new FormatException("A quoted field has no end.");
    }

    [GeneratedRegex("^[a-z]{2}(-[A-Z][a-z]{3})?$")]
    private static partial Regex LanguageTag();

    [GeneratedRegex("^[A-Z][a-z]+( [a-z]+)?$")]
    private static partial Regex Taxon();

    [GeneratedRegex("\\b(19|20)[0-9]{2}\\b")]
    private static partial Regex Year();

    // Ofcom 07700 900000-900999, NANP 555-0100..0199, ACMA 0491 570 156.
    [GeneratedRegex("^((44)?0?7700900[0-9]{3}|1?[0-9]{3}55501[0-9]{2}|0491570156)$")]
    private static partial Regex ReservedNumber();

    [GeneratedRegex("@example\\.(com|net|org)$", RegexOptions.IgnoreCase)]
    private static partial Regex ReservedMail();
}
