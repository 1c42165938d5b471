using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Matching.Images;
using FederationNode.TestSupport;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>POST /v1/check as a form with pictures.</summary>
[Collection(SharedNodeTests.Name)]
public sealed class CheckFormTests(SharedNode shared)
{
    private static readonly byte[] s_bridge = ReadSample("bridge-1-original.jpg");
    private static readonly byte[] s_turned = ReadSample("bridge-2-rotate-90.jpg");

    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task Form_TurnedCopyOfAListedPicture_FoundThroughItsOrientations()
    {
        Assert.True(PdqImage.TryHash(s_bridge, out var bridge, out _));
        var published = await _node.PublishAsync(
            new ListingRequest { Kind = "image-pdq", Value = bridge.Hash.ToString(), Category = "ivory", Action = "block" });

        var answer = await SendAsync(Part("image:p1", s_turned));

        var part = Assert.Single(answer.Items);
        Assert.Equal(("p1", "image", "block"), (part.Id, part.Kind, part.Verdict));
        Assert.Null(part.Error);
        var match = Assert.Single(part.Matches, m => m.IndicatorId == published.IndicatorIds[0]);
        Assert.InRange(match.Distance!.Value, 0, 31);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(s_turned)), part.Image!.Sha256);
        Assert.True(part.Image.Reliable);
        Assert.InRange(part.Image.Quality!.Value, 50, 100);
        Assert.Equal(_node.List.Current.Digest.ToString(), answer.ListVersion);
    }

    [Fact]
    public async Task Form_PartsOfAllKinds_AnsweredInTheirOrder()
    {
        var (word, seller) = (Some.Word(), Some.Hex());
        await _node.PublishAsync(Some.Keyword(word));

        var answer = await SendAsync(
            Part("text:t", Some.Utf8($"old {word}")), Part("seller", Some.Utf8(seller)), Part("image", s_bridge));

        Assert.Equal(["text", "seller", "image"], answer.Items.Select(i => i.Kind));
        Assert.Equal(["t", null, null], answer.Items.Select(i => i.Id));
        Assert.Equal(("review", "none"), (answer.Items[0].Verdict, answer.Items[1].Verdict));
        Assert.Equal(4, Assert.Single(answer.Items[0].Matches).Start);
        Assert.All(answer.Items, i => Assert.Null(i.Error));
    }

    [Fact]
    public async Task Form_PictureWithoutStructure_OnlyTheExactFileIsLookedUp()
    {
        var flat = FlatPng(64, 64);
        Assert.True(PdqImage.TryHash(flat, out var hashed, out _));
        Assert.False(hashed.IsReliable);
        await _node.PublishAsync(new ListingRequest { Kind = "image-pdq", Value = hashed.Hash.ToString(), Category = "ivory", OverrideLint = "a test" });

        var unknown = Assert.Single((await SendAsync(Part("image", flat))).Items);
        Assert.Equal(("none", false), (unknown.Verdict, unknown.Image!.Reliable));
        await _node.PublishAsync(Some.Image(Convert.ToHexStringLower(SHA256.HashData(flat))));
        var exact = Assert.Single((await SendAsync(Part("image", flat))).Items);

        Assert.Equal("block", exact.Verdict);
        Assert.Equal("image-sha256", Assert.Single(exact.Matches).Kind);
        Assert.InRange(exact.Image!.Quality!.Value, 0, 49);
    }

    [Fact]
    public async Task Form_PictureThatCannotBeDecoded_SaysSoAndIsLookedUpAsAFile()
    {
        var cut = s_bridge[..(s_bridge.Length / 2)];
        await _node.PublishAsync(Some.Image(Convert.ToHexStringLower(SHA256.HashData(cut))));

        var answer = await SendAsync(Part("image:cut", cut), Part("image:gif", Some.Utf8("GIF89a....")), Part("image:empty", []));

        Assert.Equal(["block", "none", "none"], answer.Items.Select(i => i.Verdict));
        Assert.All(answer.Items, i => Assert.Equal("urn:fednode:error:bad-image", i.Error!.Type));
        Assert.All(answer.Items, i => Assert.Equal((null, null, false), (i.Image!.Pdq, i.Image.Quality, i.Image.Reliable)));
    }

    [Fact]
    public async Task Form_BombOrTooLarge_RefusedPartByPart()
    {
        var bomb = FlatPng(65_000, 65_000, withPixels: false);

        var answer = await SendAsync(
            Part("image:bomb", bomb), Part("image:long", new byte[Limits.MaxCheckImage + 1]), Part("text", [0xff]),
            Part("text:long", new byte[(3 * Limits.MaxCheckText) + 2]), Part("seller", Some.Utf8("8613800138000")), Part("text", Some.Utf8("x")));

        Assert.Equal(
            ["bad-image", "too-large", "invalid", "too-large", "invalid", null],
            answer.Items.Select(i => i.Error?.Type["urn:fednode:error:".Length..]));
        Assert.Contains("pixels", answer.Items[0].Error!.Detail, StringComparison.Ordinal);
        Assert.Equal([null, null, null, null, "none"], answer.Items.Skip(1).Select(i => i.Verdict));
        Assert.DoesNotContain("8613800138000", answer.Items[4].Error!.Detail, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> BadForms => new()
    {
        { "multipart/form-data; boundary=b", "", "malformed-form" },
        { "multipart/form-data; boundary=b", "nonsense", "malformed-form" },
        { "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nx", "malformed-form" },
        { "multipart/form-data; boundary=b", "--b--\r\n", "invalid" },
        { "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--b--\r\n", "invalid" },
        { "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"text:\"\r\n\r\nx\r\n--b--\r\n", "invalid" },
        { "multipart/form-data; boundary=b", "--b\r\nX: y\r\n\r\nx\r\n--b--\r\n", "invalid" },
        { "multipart/form-data; boundary=b", $"--b\r\nX: {new string('y', 5000)}\r\n\r\nx\r\n--b--\r\n", "malformed-form" },
        { "multipart/form-data", "--b--\r\n", "unsupported-media-type" },
        { $"multipart/form-data; boundary={new string('b', 71)}", "--b--\r\n", "unsupported-media-type" },
    };

    [Theory]
    [MemberData(nameof(BadForms))]
    public async Task Form_BadOrCutOff_Refused(string type, string text, string code)
    {
        var body = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        body.Headers.TryAddWithoutValidation("Content-Type", type);

        await ApiNode.ReadProblemAsync(
            await _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, body),
            code == "unsupported-media-type" ? HttpStatusCode.UnsupportedMediaType : HttpStatusCode.BadRequest,
            code);
    }

    [Fact]
    public async Task Form_TooManyPartsOrBytes_Refused()
    {
        using var many = Form([.. Enumerable.Range(0, Limits.MaxCheckParts + 1).Select(_ => Part("text", Some.Utf8("x")))]);
        await ApiNode.ReadProblemAsync(
            await _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, many), HttpStatusCode.BadRequest, "invalid");

        using var large = Form([.. Enumerable.Range(0, 4).Select(_ => Part("image", new byte[Limits.MaxCheckImage]))]);
        await ApiNode.ReadProblemAsync(
            await _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, large),
            HttpStatusCode.RequestEntityTooLarge,
            "too-large");
    }

    [Fact]
    public async Task Form_TooManyAtOnce_Refused()
    {
        await using var node = await ApiNode.StartReadyAsync();
        var places = node.Services.GetRequiredService<Node.Api.CheckFormPlaces>();
        for (var i = 0; i < Limits.MaxCheckForms; i++)
        {
            Assert.True(places.TryTake(new DefaultHttpContext()));
        }

        using var form = Form([Part("text", Some.Utf8("x"))]);
        await ApiNode.ReadProblemAsync(
            await node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, form),
            HttpStatusCode.TooManyRequests,
            "too-many-requests");
    }

    [Fact]
    public async Task Form_Pictures_NothingOfThemIsLogged()
    {
        await SendAsync(Part("image:a-name-of-a-picture", s_bridge), Part("image:a-name-of-a-picture", s_bridge[..1000]));

        var hash = Convert.ToHexStringLower(SHA256.HashData(s_bridge));
        Assert.DoesNotContain(_node.Log.Lines, l => l.Contains(hash, StringComparison.Ordinal));
        Assert.DoesNotContain(_node.Log.Lines, l => l.Contains("a-name-of-a-picture", StringComparison.Ordinal));
    }

    private static byte[] ReadSample(string name) =>
        File.ReadAllBytes(Path.Combine(TestFiles.Repository, "samples", "images", name));

    private static (string Name, byte[] Bytes) Part(string name, byte[] bytes) => (name, bytes);

    private static MultipartFormDataContent Form((string Name, byte[] Bytes)[] parts)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, bytes) in parts)
        {
            var content = new ByteArrayContent(bytes);
            content.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = $"\"{name}\"" };
            form.Add(content);
        }

        return form;
    }

    private async Task<CheckFormResponse> SendAsync(params (string Name, byte[] Bytes)[] parts)
    {
        using var form = Form(parts);
        return await ApiNode.ReadAsync<CheckFormResponse>(
            await _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, form));
    }

    /// <summary>A PNG file of one grey; without pixels it only claims its size.</summary>
    private static byte[] FlatPng(int width, int height, bool withPixels = true)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        using var pixels = new MemoryStream();
        using (var zlib = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(new byte[withPixels ? height * (width + 1) : 1]);
        }

        return
        [
            0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A,
            .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, pixels.ToArray()), .. Chunk("IEND"u8, []),
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        byte[] body = [.. type, .. data];
        var sum = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(sum, Crc32(body));
        return [.. length, .. body, .. sum];
    }

    private static uint Crc32(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0xEDB88320);
            }
        }

        return ~crc;
    }
}
