using Microsoft.AspNetCore.ResponseCompression;

namespace FederationNode.Node.Api.Problems;

/// <summary>
/// Content codings gzip and br, of requests and answers. Only requests that name one take this way: it costs the others
/// nothing. What a request decompresses to is bounded where it is read, as if it had come so.
/// </summary>
internal static class CodedBodies
{
    public static void Add(IServiceCollection services)
    {
        services.AddRequestDecompression(options => options.DecompressionProviders.Remove("deflate"));
        services.AddResponseCompression(options =>
        {
            options.Providers.Add<GzipCompressionProvider>();
            options.Providers.Add<BrotliCompressionProvider>();
            options.MimeTypes = ["application/json", ProblemResult.ContentType, LinesOfJson.ContentType];
        });
    }

    public static void Use(IApplicationBuilder app)
    {
        app.UseWhen(context => context.Request.Headers.AcceptEncoding.Count > 0, branch => branch.UseResponseCompression());
        app.UseWhen(
            context => context.Request.Headers.ContentEncoding.Count > 0,
            branch => branch.Use(RefuseDamagedAsync).UseRequestDecompression().Use(RefuseUnknownAsync));
    }

    private static async Task RefuseDamagedAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (InvalidDataException) when (!context.Response.HasStarted)
        {
            await Fault.MalformedCoding.Because("The body is not what its Content-Encoding says: it is damaged or cut off.")
                .ExecuteAsync(context);
        }
    }

    /// <summary>A coding that was taken off is not named any more.</summary>
    private static Task RefuseUnknownAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            return Fault.MediaType.Because("Send the body as it is, or with one Content-Encoding, gzip or br.")
                .ExecuteAsync(context);
        }

        context.Request.Body = new DecodedStream(context.Request.Body);
        return next(context);
    }

    /// <summary>Says of every decoder alike that the data are damaged: Brotli's calls it a fault of the program.</summary>
    private sealed class DecodedStream(Stream decoder) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await decoder.ReadAsync(buffer, cancellationToken);
            }
            catch (InvalidOperationException e)
            {
                throw new InvalidDataException("The compressed data are damaged.", e);
            }
        }
    }
}
