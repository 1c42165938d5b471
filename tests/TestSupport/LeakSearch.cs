using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FederationNode.TestSupport;

/// <summary>
/// Looks for marked data in bytes, in whatever form it may have got there: in UTF-8 and UTF-16, in capitals or not, escaped
/// as in JSON, HTML and addresses; hashed with the usual functions, the first half of the hash being enough; all of that
/// also in hexadecimal and base64, wherever it begins; and in what is compressed with gzip, zlib or, where the caller says
/// so, brotli.
/// </summary>
public sealed class LeakSearch
{
    /// <summary>Shorter ones are met by chance.</summary>
    public const int MinLength = 8;

    private const int MaxInflated = 64 * 1024 * 1024;
    private const int MaxDepth = 3;

    private readonly Dictionary<ulong, List<(byte[] Form, string Name)>> _forms = [];

    // Answers most questions without the dictionary: a bit for the first two bytes of each form.
    private readonly bool[] _beginnings = new bool[0x10000];

    /// <summary>Forms that are looked for.</summary>
    public int FormCount { get; private set; }

    /// <summary>Looks for a text from now on.</summary>
    /// <exception cref="ArgumentException">It is so short that it is met by chance.</exception>
    public void Add(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] spellings = [text, text.ToUpperInvariant(), text.ToLowerInvariant()];
        foreach (var spelling in spellings.Distinct())
        {
            AddBytes(Encoding.UTF8.GetBytes(spelling), $"'{spelling}'");
            AddWritten(Encoding.Unicode.GetBytes(spelling), $"'{spelling}' in UTF-16");
            AddHashes(Encoding.Unicode.GetBytes(spelling), $"'{spelling}' in UTF-16");
            string[] escaped =
            [
                JavaScriptEncoder.Default.Encode(spelling),
                JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(spelling),
                JsonEncodedText.Encode(spelling).ToString().ToLowerInvariant(),
                HtmlEncoder.Default.Encode(spelling),
                Uri.EscapeDataString(spelling),
                UrlEncoder.Default.Encode(spelling).Replace("%20", "+", StringComparison.Ordinal),
            ];
            foreach (var form in escaped)
            {
                AddWritten(Encoding.UTF8.GetBytes(form), $"'{spelling}', escaped");
            }
        }
    }

    /// <summary>Looks for bytes from now on.</summary>
    /// <param name="bytes">At least <see cref="MinLength"/>.</param>
    /// <param name="name">What to call them.</param>
    /// <exception cref="ArgumentException">They are so few that they are met by chance.</exception>
    public void AddBytes(byte[] bytes, string name)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (bytes.Length < MinLength)
        {
            throw new ArgumentException($"{name} has {bytes.Length} bytes: too few to be told from chance.", nameof(bytes));
        }

        AddWritten(bytes, name);
        AddHashes(bytes, name);
    }

    /// <summary>What was found in some bytes, each as the name of a form and where.</summary>
    /// <param name="where">What the bytes are, for the answer.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="isBrotli">Whether all of them are compressed with brotli, which has no mark of its own.</param>
    public IReadOnlyList<string> Find(string where, ReadOnlyMemory<byte> bytes, bool isBrotli = false)
    {
        var found = new List<string>();
        Find(where, bytes, 0, found);
        if (isBrotli && Inflate(bytes, stream => new BrotliStream(stream, CompressionMode.Decompress)) is { } text)
        {
            Find(where + ", brotli undone", text, 1, found);
        }

        return found;
    }

    private void Find(string where, ReadOnlyMemory<byte> bytes, int depth, List<string> found)
    {
        var span = bytes.Span;
        for (var i = 0; i + MinLength <= span.Length; i++)
        {
            if (_beginnings[span[i] | (span[i + 1] << 8)]
                && _forms.TryGetValue(BitConverter.ToUInt64(span[i..]), out var forms))
            {
                foreach (var (form, name) in forms)
                {
                    if (span[i..].StartsWith(form))
                    {
                        found.Add($"{where}, byte {i}: {name}");
                    }
                }
            }

            if (depth < MaxDepth)
            {
                Undo(where, bytes[i..], i, depth, found);
            }
        }
    }

    private void Undo(string where, ReadOnlyMemory<byte> bytes, int index, int depth, List<string> found)
    {
        var span = bytes.Span;
        var isGzip = span[0] == 0x1f && span[1] == 0x8b && span[2] == 8;
        var isZlib = span[0] == 0x78 && span[1] is 0x01 or 0x5e or 0x9c or 0xda;
        if (isGzip && Inflate(bytes, stream => new GZipStream(stream, CompressionMode.Decompress)) is { } unzipped)
        {
            Find($"{where}, byte {index}, gzip undone", unzipped, depth + 1, found);
        }

        if (isZlib && Inflate(bytes, stream => new ZLibStream(stream, CompressionMode.Decompress)) is { } inflated)
        {
            Find($"{where}, byte {index}, zlib undone", inflated, depth + 1, found);
        }
    }

    /// <summary>What can be made of it up to where it is no longer compressed data, or null if nothing can.</summary>
    private static byte[]? Inflate(ReadOnlyMemory<byte> bytes, Func<Stream, Stream> open)
    {
        using var output = new MemoryStream();
        try
        {
            using var stream = open(new MemoryStream(bytes.ToArray()));
            var buffer = new byte[16 * 1024];
            for (int read; output.Length < MaxInflated && (read = stream.Read(buffer)) > 0;)
            {
                output.Write(buffer, 0, read);
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or IOException)
        {
            // It only looked like it, or something else follows it.
        }

        return output.Length < MinLength ? null : output.ToArray();
    }

    private void AddHashes(byte[] bytes, string name)
    {
        (string Function, byte[] Hash)[] hashes =
        [
#pragma warning disable CA5350, CA5351 // Weak ones are looked for as well.
            ("MD5", MD5.HashData(bytes)),
            ("SHA-1", SHA1.HashData(bytes)),
#pragma warning restore CA5350, CA5351
            ("SHA-256", SHA256.HashData(bytes)),
            ("SHA-384", SHA384.HashData(bytes)),
            ("SHA-512", SHA512.HashData(bytes)),
        ];
        foreach (var (function, hash) in hashes)
        {
            AddWritten(hash[..(hash.Length / 2)], $"{function} of {name}");
        }
    }

    private void AddWritten(byte[] bytes, string name)
    {
        AddForm(bytes, name);
        AddForm(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes)), $"{name} in hexadecimal");
        AddForm(Encoding.ASCII.GetBytes(Convert.ToHexString(bytes)), $"{name} in hexadecimal");
        for (var before = 0; before < 3; before++)
        {
            // The digits that no neighbour has a part in.
            var (first, end) = (((8 * before) + 5) / 6, 8 * (before + bytes.Length) / 6);
            var digits = Convert.ToBase64String([.. new byte[before], .. bytes])[first..end];
            AddForm(Encoding.ASCII.GetBytes(digits), $"{name} in base64");
            AddForm(
                Encoding.ASCII.GetBytes(digits.Replace('+', '-').Replace('/', '_')), $"{name} in base64 for addresses");
        }
    }

    private void AddForm(byte[] form, string name)
    {
        if (form.Length < MinLength)
        {
            return;
        }

        var key = BitConverter.ToUInt64(form);
        if (!_forms.TryGetValue(key, out var forms))
        {
            _forms[key] = forms = [];
        }

        if (!forms.Exists(f => f.Form.AsSpan().SequenceEqual(form)))
        {
            forms.Add((form, name));
            FormCount++;
        }

        _beginnings[form[0] | (form[1] << 8)] = true;
    }
}
