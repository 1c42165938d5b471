using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.EndToEnd.Tests.Egress;

/// <summary>What <see cref="EgressTests"/> looks with must find what is there, wherever it stands, and nothing else.</summary>
public sealed class LeakSearchTests
{
    private const string Marked = "Verkäufer 象牙 7731@Mail.Example";

    private static readonly Dictionary<string, Func<byte[], byte[]>> s_writings = new()
    {
        ["as it is"] = b => b,
        ["hexadecimal"] = b => Ascii(Convert.ToHexString(b)),
        ["lower-case hexadecimal"] = b => Ascii(Convert.ToHexStringLower(b)),
        ["base64"] = b => Ascii(Convert.ToBase64String(b)),
        ["base64 behind one byte"] = b => Ascii(Convert.ToBase64String([7, .. b, 9])),
        ["base64 behind two bytes"] = b => Ascii(Convert.ToBase64String([7, 8, .. b, 9])),
        ["base64 for addresses"] = b => Ascii(Convert.ToBase64String(b).Replace('+', '-').Replace('/', '_').TrimEnd('=')),
        ["gzip"] = b => Compressed(b, s => new GZipStream(s, CompressionLevel.Optimal, leaveOpen: true)),
        ["zlib"] = b => Compressed(b, s => new ZLibStream(s, CompressionLevel.Fastest, leaveOpen: true)),
        ["gzip of zlib"] = b => Compressed(
            Compressed(b, s => new ZLibStream(s, CompressionLevel.Optimal, leaveOpen: true)),
            s => new GZipStream(s, CompressionLevel.Optimal, leaveOpen: true)),
    };

    private static readonly Dictionary<string, Func<string, byte[]>> s_texts = new()
    {
        ["UTF-8"] = Encoding.UTF8.GetBytes,
        ["capitals"] = t => Encoding.UTF8.GetBytes(t.ToUpperInvariant()),
        ["small letters"] = t => Encoding.UTF8.GetBytes(t.ToLowerInvariant()),
        ["UTF-16"] = Encoding.Unicode.GetBytes,
        ["JSON"] = t => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(t)),
        ["an address"] = t => Ascii(Uri.EscapeDataString(t)),
#pragma warning disable CA5350, CA5351 // Weak functions are looked for as well.
        ["MD5"] = t => MD5.HashData(Encoding.UTF8.GetBytes(t)),
        ["SHA-1"] = t => SHA1.HashData(Encoding.UTF8.GetBytes(t)),
#pragma warning restore CA5350, CA5351
        ["SHA-256"] = t => SHA256.HashData(Encoding.UTF8.GetBytes(t)),
        ["SHA-256 of small letters, its first half"] = t => SHA256.HashData(Encoding.UTF8.GetBytes(t.ToLowerInvariant()))[..16],
        ["SHA-512 of UTF-16"] = t => SHA512.HashData(Encoding.Unicode.GetBytes(t)),
    };

    public static TheoryData<string, string> Plants
    {
        get
        {
            var plants = new TheoryData<string, string>();
            foreach (var text in s_texts.Keys)
            {
                foreach (var writing in s_writings.Keys)
                {
                    plants.Add(text, writing);
                }
            }

            return plants;
        }
    }

    [Theory]
    [MemberData(nameof(Plants))]
    public void Find_Planted_IsFoundAmongNoise(string text, string writing)
    {
        var search = new LeakSearch();
        search.Add(Marked);
        var random = new Random(text.Length + (31 * writing.Length));
        var (before, after) = (new byte[random.Next(5_000)], new byte[random.Next(5_000)]);
        random.NextBytes(before);
        random.NextBytes(after);

        Assert.NotEmpty(search.Find("noise", (byte[])[.. before, .. s_writings[writing](s_texts[text](Marked)), .. after]));
    }

    [Fact]
    public void Find_Brotli_IsFoundWhereTheCallerSaysSo()
    {
        var search = new LeakSearch();
        search.Add(Marked);

        var body = Compressed(Encoding.UTF8.GetBytes(Marked), s => new BrotliStream(s, CompressionLevel.Optimal, leaveOpen: true));

        Assert.NotEmpty(search.Find("body", body, isBrotli: true));
    }

    [Fact]
    public void Find_Noise_FindsNothing()
    {
        var search = MarkedData.OfUsers();
        var noise = new byte[4_000_000];
        new Random(7).NextBytes(noise);

        Assert.Empty(search.Find("noise", noise));
        Assert.Empty(search.Find("text", Ascii(Convert.ToBase64String(noise.AsSpan(0, 1_000_000)))));
        Assert.InRange(search.FormCount, 1_000, 100_000);
    }

    [Fact]
    public void Add_WhatIsMetByChance_IsRefused() => Assert.Throws<ArgumentException>(() => new LeakSearch().Add("7731"));

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private static byte[] Compressed(byte[] bytes, Func<Stream, Stream> open)
    {
        using var output = new MemoryStream();
        using (var stream = open(output))
        {
            stream.Write(bytes);
        }

        return output.ToArray();
    }
}
