using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>Content codings of requests and answers.</summary>
[Collection(SharedNodeTests.Name)]
public sealed class CodedBodyTests(SharedNode shared)
{
    private const string Body = """{"items":[{"kind":"text","value":"x"}]}""";

    private readonly ApiNode _node = shared.Node;

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Request_Compressed_IsRead(string coding)
    {
        var answer = await ApiNode.ReadAsync<CheckResponse>(await PostAsync(Compress(Body, coding), coding));

        Assert.Equal("none", Assert.Single(answer.Items).Verdict);
    }

    [Theory]
    [InlineData("deflate")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    [InlineData("nonsense")]
    public async Task Request_OtherCoding_UnsupportedMediaType(string coding) => await ApiNode.ReadProblemAsync(
        await PostAsync(Compress(Body, "gzip"), coding), HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Request_NotWhatItsCodingSays_MalformedCoding(string coding) => await ApiNode.ReadProblemAsync(
        await PostAsync(Encoding.UTF8.GetBytes(Body), coding), HttpStatusCode.BadRequest, "malformed-coding");

    [Fact]
    public async Task Request_CompressedAndCutOff_Refused()
    {
        var whole = Compress($$"""{"items":[{"kind":"text","value":"{{Convert.ToHexString(Some.Utf8(Some.Hex()))}}"}]}""", "gzip");
        for (var length = 0; length < whole.Length - 9; length += 7)
        {
            using var response = await PostAsync(whole[..length], "gzip");
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Request_Bomb_TooLarge(string coding)
    {
        var bomb = Compress(new string(' ', 2 * Limits.MaxApiBody) + Body, coding);
        Assert.InRange(bomb.Length, 1, 64 * 1024);

        await ApiNode.ReadProblemAsync(await PostAsync(bomb, coding), HttpStatusCode.RequestEntityTooLarge, "too-large");
    }

    [Fact]
    public async Task Request_LinesCompressed_AreRead()
    {
        const int Count = 50_000;
        var lines = string.Concat(Enumerable.Repeat("""{"kind":"text","value":"x"}""" + "\n", Count));
        using var response = await PostAsync(Compress(lines, "gzip"), "gzip", "application/x-ndjson");

        var answer = await response.Content.ReadAsStringAsync();
        Assert.Equal(Count, JsonSerializer.Deserialize<CheckLinesEnd>(answer.Split('\n')[^2], ApiJson.Options)!.Count);
    }

    [Theory]
    [InlineData(ApiRoutes.Snapshot, "gzip")]
    [InlineData(ApiRoutes.Snapshot, "br")]
    [InlineData(ApiRoutes.Changes, "gzip")]
    [InlineData(ApiRoutes.Changes, "br")]
    [InlineData(ApiRoutes.Changes + "?limit=0", "gzip")]
    public async Task Answer_CodingAccepted_IsCompressedAndTheSame(string path, string coding)
    {
        await _node.PublishAsync(Some.Keyword(Some.Word()));
        using var plain = await GetAsync(path, null);
        using var coded = await GetAsync(path, coding);

        Assert.Empty(plain.Content.Headers.ContentEncoding);
        Assert.Equal([coding], coded.Content.Headers.ContentEncoding);
        Assert.Equal(plain.StatusCode, coded.StatusCode);
        Assert.Equal(
            await plain.Content.ReadAsStringAsync(), Decompress(await coded.Content.ReadAsByteArrayAsync(), coding));
    }

    [Fact]
    public async Task Answer_Check_IsCompressedToo()
    {
        using var body = new StringContent(Body, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiRoutes.Check) { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiNode.KeyOf(ApiRole.Detector));
        request.Headers.AcceptEncoding.ParseAdd("gzip");
        using var response = await _node.Client.SendAsync(request);

        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.Contains("listVersion", Decompress(await response.Content.ReadAsByteArrayAsync(), "gzip"), StringComparison.Ordinal);
    }

    private static byte[] Compress(string text, string coding)
    {
        using var output = new MemoryStream();
        using (Stream stream = coding == "br"
            ? new BrotliStream(output, CompressionLevel.Optimal, leaveOpen: true)
            : new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return output.ToArray();
    }

    private static string Decompress(byte[] bytes, string coding)
    {
        using var input = new MemoryStream(bytes);
        using Stream stream = coding == "br"
            ? new BrotliStream(input, CompressionMode.Decompress)
            : new GZipStream(input, CompressionMode.Decompress);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private Task<HttpResponseMessage> PostAsync(byte[] bytes, string coding, string type = "application/json")
    {
        var body = new ByteArrayContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue(type);
        body.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        return _node.SendAsync(HttpMethod.Post, ApiRoutes.Check, ApiRole.Detector, body);
    }

    private Task<HttpResponseMessage> GetAsync(string path, string? coding)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiNode.KeyOf(ApiRole.Detector));
        if (coding is not null)
        {
            request.Headers.AcceptEncoding.ParseAdd(coding);
        }

        return _node.Client.SendAsync(request);
    }
}
