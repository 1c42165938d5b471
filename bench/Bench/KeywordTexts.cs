using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace FederationNode.Bench;

/// <summary>
/// Real text, mixed Chinese and Latin, in pieces of 1,000 characters: classified ads (samples/ads), and the Chinese manual
/// pages of Debian's manpages-zh in turn; and keywords that look like a list's and are mostly not in it.
/// </summary>
internal static partial class KeywordTexts
{
    private const int TextLength = 1_000;
    private const int Texts = 3_000;

    /// <summary>The texts, or null with a line that says what to install.</summary>
    public static string[]? Read()
    {
        const string Manuals = "/usr/share/man/zh_CN";
        if (!Directory.Exists(Manuals))
        {
            Console.WriteLine("The Chinese half of the text is not installed: apt-get install -y manpages-zh");
            return null;
        }

        var ads = string.Join('\n', File.ReadLines(Path.Combine(AppContext.BaseDirectory, "ads", "text_w_labels.csv"))
            .Skip(1).Select(l => l.Split(',') is [_, var text, ..] ? text : ""));
        var manuals = new StringBuilder();
        foreach (var file in Directory.EnumerateFiles(Manuals, "*.gz", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            using var lines = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            while (lines.ReadLine() is { } line)
            {
                // Prose with Chinese in it, without the commands of the typesetter.
                if (line.Length > 20 && line[0] is not ('.' or '\'') && Han().IsMatch(line))
                {
                    manuals.Append(Escapes().Replace(line, "")).Append('\n');
                }
            }
        }

        var halves = new[] { Pieces(ads), Pieces(manuals.ToString()) };
        return [.. Enumerable.Range(0, Texts).Select(i => halves[i % 2][i / 2 % halves[i % 2].Length])];
    }

    /// <summary>Half Chinese, half Latin, in normal form: cut from the texts and put together anew.</summary>
    public static string[] MakeKeywords(string[] texts, int count)
    {
        var random = new Random(1);
        var words = texts.Where((_, i) => i % 2 == 0).SelectMany(t => Word().Matches(t).Select(m => m.Value.ToLowerInvariant()))
            .Distinct().ToArray();
        var characters = string.Concat(texts.Where((_, i) => i % 2 == 1).SelectMany(t => t).Where(c => c is >= '\u4E00' and <= '\u9FFF'));
        var keywords = new HashSet<string>(StringComparer.Ordinal);
        while (keywords.Count < count)
        {
            keywords.Add(keywords.Count % 2 == 0 ? Chinese() : Latin());
        }

        return [.. keywords.Select(k => Protocol.Text.Wlnorm.Normalize(k)).Distinct(StringComparer.Ordinal)];

        string Chinese() => string.Concat(Enumerable.Range(0, random.Next(2, 4)).Select(_ =>
        {
            var at = random.Next(characters.Length - 2);
            return characters.Substring(at, random.Next(1, 3));
        }));

        string Latin()
        {
            var (a, b) = (words[random.Next(words.Length)], words[random.Next(words.Length)]);
            return random.Next(3) switch { 0 => $"{a} {b}", 1 => a[..((a.Length + 1) / 2)] + b[(b.Length / 2)..] + "o", _ => a + b };
        }
    }

    private static string[] Pieces(string text) =>
        [.. Enumerable.Range(0, text.Length / TextLength).Select(i => text.Substring(i * TextLength, TextLength))];

    [GeneratedRegex("[\u4E00-\u9FFF]{4}")]
    private static partial Regex Han();

    [GeneratedRegex(@"\\f[A-Z]|\\[-&|^ ]|\\s[-+]?\d")]
    private static partial Regex Escapes();

    [GeneratedRegex("[A-Za-z]{4,}")]
    private static partial Regex Word();
}
