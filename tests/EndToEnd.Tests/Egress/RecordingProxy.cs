using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace FederationNode.EndToEnd.Tests.Egress;

/// <summary>What left a node in one piece: a request's or an answer's line, headers and body.</summary>
/// <param name="From">The node that it left.</param>
/// <param name="What">Which request.</param>
/// <param name="Head">Line and headers.</param>
/// <param name="Body">The body, as it was on the wire.</param>
internal sealed record Sent(string From, string What, byte[] Head, byte[] Body);

/// <summary>
/// Stands where the roster says that a node is, and passes on what its peers ask. With the keys of both sides it shows each
/// to the other, as nobody without the nodes' folders could, and sees what goes through TLS.
/// </summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, (string Member, HttpClient Client)> _peers = [];
    private readonly string _owner;
    private readonly Uri _target;
    private readonly List<Sent> _sent;

    private RecordingProxy(string owner, int port, int target, IReadOnlyDictionary<string, string> folders, List<Sent> sent)
    {
        (_owner, _target, _sent) = (owner, new Uri($"https://127.0.0.1:{target}"), sent);
        var own = CertificateOf(folders[owner]);
        foreach (var (member, folder) in folders.Where(f => f.Key != owner))
        {
            var certificate = CertificateOf(folder);
            _peers[certificate.Thumbprint] = (member, ClientOf(certificate, own));
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = own,
                    SslProtocols = SslProtocols.Tls13,
                    ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                    ClientCertificateValidation = (certificate, _, _) => _peers.ContainsKey(certificate.Thumbprint),
                });
            });
        });
        _app = builder.Build();
        _app.Run(PassOnAsync);
    }

    /// <summary>Starts one.</summary>
    /// <param name="owner">The node behind it.</param>
    /// <param name="port">Where the roster says that the node is.</param>
    /// <param name="target">Where it is.</param>
    /// <param name="folders">The folders of all nodes, by member.</param>
    /// <param name="sent">Takes what is seen; locked for each.</param>
    public static async Task<RecordingProxy> StartAsync(
        string owner, int port, int target, IReadOnlyDictionary<string, string> folders, List<Sent> sent)
    {
        var proxy = new RecordingProxy(owner, port, target, folders, sent);
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        foreach (var (_, client) in _peers.Values)
        {
            client.Dispose();
        }
    }

    private static X509Certificate2 CertificateOf(string folder)
    {
        using var pem = X509Certificate2.CreateFromPemFile(
            Path.Combine(folder, "tls", "peer.crt.pem"), Path.Combine(folder, "tls", "peer.key.pem"));
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    private static HttpClient ClientOf(X509Certificate2 certificate, X509Certificate2 owner)
    {
        var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None };
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls13;
        handler.SslOptions.ClientCertificates = [certificate];
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        handler.SslOptions.RemoteCertificateValidationCallback =
            (_, shown, _, _) => shown?.GetCertHashString() == owner.Thumbprint;
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private async Task PassOnAsync(HttpContext context)
    {
        var (member, client) = _peers[context.Connection.ClientCertificate!.Thumbprint];
        var what = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}";
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), new Uri(_target, context.Request.Path + context.Request.QueryString))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (body.Length > 0 || context.Request.ContentType is not null)
        {
            request.Content = new ByteArrayContent(body.ToArray());
        }

        var head = new StringBuilder(what).AppendLine();
        foreach (var (name, values) in context.Request.Headers)
        {
            head.Append(name).Append(": ").AppendLine(values.ToString());
            if (!name.StartsWith(':') && name is not ("Host" or "Content-Length")
                && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        Record(new Sent(member, what, Encoding.UTF8.GetBytes(head.ToString()), body.ToArray()));
        using var response = await SendAsync(client, request, context.RequestAborted);
        if (response is null)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }

        var answer = await response.Content.ReadAsByteArrayAsync(context.RequestAborted);
        head.Clear().Append((int)response.StatusCode).AppendLine();
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            head.Append(name).Append(": ").AppendLine(string.Join(',', values));
            context.Response.Headers[name] = values.ToArray();
        }

        Record(new Sent(_owner, $"answer to {what}", Encoding.UTF8.GetBytes(head.ToString()), answer));
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }

    /// <summary>Null: the node behind is down, as a peer may be.</summary>
    private static async Task<HttpResponseMessage?> SendAsync(
        HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private void Record(Sent sent)
    {
        lock (_sent)
        {
            _sent.Add(sent);
        }
    }
}
