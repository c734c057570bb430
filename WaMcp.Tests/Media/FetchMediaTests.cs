using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Media;

/// <summary>What callers could do with our place in the network, if an address were simply fetched.</summary>
public sealed class FetchMediaTests
{
    private const string Unreachable = "url: the host cannot be reached on the public internet.";

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task AFileOfAWebsiteIsWrittenDownAsItIs()
    {
        await using var server = await HostileServer.StartAsync(http =>
        {
            http.Request.Headers.ContainsKey("traceparent").ShouldBeFalse();
            http.Request.Headers.AcceptEncoding.ToString().ShouldBe("identity");
            http.Response.ContentType = "image/png; charset=binary";
            return http.Response.Body.WriteAsync(FilesOf.Png).AsTask();
        });
        using var trace = new Activity("caller").Start();

        var (file, type) = await server.Fetch().ExecuteAsync(server.Url("/cat.png?size=2"), server.Folder, 1000, CancellationToken.None);

        await using (file)
        {
            type.ShouldBe("image/png");
            file.Size.ShouldBe(FilesOf.Png.Length);
            (await File.ReadAllBytesAsync(file.FullPath)).ShouldBe(FilesOf.Png);
            File.GetUnixFileMode(file.FullPath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        Directory.EnumerateFiles(server.Folder).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0x7f.0.0.1/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://017700000001/")]
    [InlineData("https://127.0.0.1./")]
    [InlineData("https://0/")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://localhost/")]
    [InlineData("https://LOCALHOST./")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[0:0:0:0:0:ffff:7f00:1]/")]
    [InlineData("https://[64:ff9b::7f00:1]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://[fe80::1%25eth0]/")]
    [InlineData("https://[fd00::1]/")]
    [InlineData("https://10.1.2.3/")]
    [InlineData("https://10.66051/")]
    [InlineData("https://172.16.0.1/")]
    [InlineData("https://192.168.0.1/")]
    [InlineData("https://192.168.257/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("https://2852039166/")]
    [InlineData("https://100.64.0.1/")]
    [InlineData("https://224.0.0.1/")]
    [InlineData("https://①②⑦.0.0.1/")]
    [InlineData("https://127。0。0。1/")]
    [InlineData("https://no-such-host.invalid/")]
    public async Task AHostThatLeadsInsideIsRefusedWithTheWordsOfOneThatDoesNotExist(string address)
    {
        var folder = RunFolder.Create("staging");
        var fetch = new FetchMedia(new FetchRoute(), Options.Create(new MediaOptions()), TimeProvider.System);

        var fault = await Should.ThrowAsync<Fault>(() => fetch.ExecuteAsync(address, folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldBe(Unreachable);
        fault.Code.ShouldBe(FaultCode.InvalidInput);
        Directory.EnumerateFiles(folder).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://files.example/", "only https")]
    [InlineData("ftp://files.example/", "only https")]
    [InlineData("file:///etc/passwd", "only https")]
    [InlineData("gopher://127.0.0.1:6379/_FLUSHALL", "only https")]
    [InlineData("data:text/plain,hello", "only https")]
    [InlineData("//files.example/", "only https")]
    [InlineData("/etc/passwd", "only https")]
    [InlineData("files.example", "only https")]
    [InlineData("https://", "only https")]
    [InlineData("https:///path", "only https")]
    [InlineData("https://%31%32%37.0.0.1/", "only https")]
    [InlineData("https://user@files.example/", "no user name")]
    [InlineData("https://user:secret@files.example/", "no user name")]
    [InlineData("https://files.example:80/", "only port 443")]
    [InlineData("https://files.example:6379/", "only port 443")]
    public async Task AnAddressOfAnotherShapeIsRefusedBeforeAnythingIsLookedUp(string address, string why)
    {
        var lookUps = 0;
        var route = new FetchRoute { Resolve = (_, _) => Task.FromResult(new IPAddress[Interlocked.Increment(ref lookUps)]) };
        var fetch = new FetchMedia(route, Options.Create(new MediaOptions()), TimeProvider.System);

        var fault = await Should.ThrowAsync<Fault>(() => fetch.ExecuteAsync(address, RunFolder.Create("staging"), 1000, CancellationToken.None));

        fault.PublicText.ShouldContain(why);
        fault.PublicText.ShouldNotContain("secret");
        lookUps.ShouldBe(0);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("8.8.8.8", "10.0.0.1")]
    [InlineData("10.0.0.1", "8.8.8.8")]
    [InlineData("2606:4700::1111", "fd00::1")]
    [InlineData]
    public async Task ANameThatLeadsInsideIsRefusedAlsoWhenItLeadsOutsideAsWell(params string[] addresses)
    {
        await using var server = await HostileServer.StartAsync(http => http.Response.Body.WriteAsync(FilesOf.Png).AsTask());
        var route = new FetchRoute { Resolve = (_, _) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray()) };

        var fault = await Should.ThrowAsync<Fault>(
            () => server.Fetch(route: route).ExecuteAsync($"https://rebind.example:{server.Port}/", server.Folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldBe(Unreachable);
        server.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task ANameIsLookedUpOnceSoThatItCannotChangeItsMind()
    {
        await using var server = await HostileServer.StartAsync(http => http.Response.Body.WriteAsync(FilesOf.Png).AsTask());

        var (file, _) = await server.Fetch().ExecuteAsync(server.Url(), server.Folder, 1000, CancellationToken.None);

        await file.DisposeAsync();
        server.LookUps.ShouldBe([HostileServer.Website]);
    }

    [Theory]
    [InlineData("https://127.0.0.1:{0}/inside", Unreachable)]
    [InlineData("https://localhost:{0}/inside", Unreachable)]
    [InlineData("https://[::1]:{0}/inside", Unreachable)]
    [InlineData("https://169.254.169.254:{0}/", Unreachable)]
    [InlineData("https://inside.example:{0}/", Unreachable)]
    [InlineData("//inside.example:{0}/", Unreachable)]
    [InlineData("http://files.example:{0}/inside", "url: only https addresses are fetched.")]
    [InlineData("file:///etc/passwd", "url: only https addresses are fetched.")]
    [InlineData("https://a:b@files.example:{0}/inside", "url: the address must hold no user name or password.")]
    [InlineData("https://files.example:22/inside", null)]
    public async Task ARedirectIsCheckedLikeTheFirstAddress(string to, string? refusal)
    {
        HostileServer server = null!;
        await using var started = server = await HostileServer.StartAsync(http =>
        {
            if (http.Request.Path != "/")
            {
                return http.Response.Body.WriteAsync(FilesOf.Png).AsTask();
            }

            http.Response.StatusCode = 302;
            http.Response.Headers.Location = string.Format(CultureInfo.InvariantCulture, to, server.Port);
            return Task.CompletedTask;
        });
        server.Names["inside.example"] = [IPAddress.Parse("10.0.0.1")];

        var fault = await Should.ThrowAsync<Fault>(
            () => server.Fetch().ExecuteAsync(server.Url(), server.Folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldBe(refusal ?? $"url: only port {server.Port} is fetched from.");
        server.Requests.ShouldBe(1);
        Directory.EnumerateFiles(server.Folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task ThreeRedirectsAreFollowedAndNoMore()
    {
        await using var server = await HostileServer.StartAsync(http =>
        {
            var left = int.Parse(http.Request.Path.Value![1..], CultureInfo.InvariantCulture);
            if (left == 0)
            {
                return http.Response.Body.WriteAsync(FilesOf.Png).AsTask();
            }

            http.Response.StatusCode = 307;
            http.Response.Headers.Location = $"/{left - 1}";
            http.Response.Headers.SetCookie = "session=1";
            http.Request.Headers.Cookie.ShouldBeEmpty();
            return Task.CompletedTask;
        });

        var (file, _) = await server.Fetch().ExecuteAsync(server.Url("/3"), server.Folder, 1000, CancellationToken.None);
        await file.DisposeAsync();
        var fault = await Should.ThrowAsync<Fault>(() => server.Fetch().ExecuteAsync(server.Url("/4"), server.Folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldContain("more than 3 times");
    }

    [Fact]
    public async Task AnEndlessBodyIsCutAtTheLimit()
    {
        await using var server = await HostileServer.StartAsync(async http =>
        {
            while (!http.RequestAborted.IsCancellationRequested)
            {
                await http.Response.Body.WriteAsync(new byte[8192], http.RequestAborted);
            }
        });

        var fault = await Should.ThrowAsync<Fault>(() => server.Fetch().ExecuteAsync(server.Url(), server.Folder, 1024 * 1024, CancellationToken.None));

        fault.PublicText.ShouldContain("larger than 1 MB");
        Directory.EnumerateFiles(server.Folder).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AServerThatDripsIsNotWaitedForForever(bool inHeaders)
    {
        await using var server = await HostileServer.StartAsync(async http =>
        {
            if (!inHeaders)
            {
                await http.Response.Body.WriteAsync(FilesOf.Png, http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }

            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });

        var fault = await Should.ThrowAsync<Fault>(
            () => server.Fetch(TimeSpan.FromSeconds(1)).ExecuteAsync(server.Url(), server.Folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldContain("did not come within 1 seconds");
        Directory.EnumerateFiles(server.Folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task ACallerWhoHangsUpLeavesNothingBehind()
    {
        using var caller = new CancellationTokenSource();
        await using var server = await HostileServer.StartAsync(async http =>
        {
            await http.Response.Body.WriteAsync(FilesOf.Png, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await caller.CancelAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });

        await Should.ThrowAsync<OperationCanceledException>(() => server.Fetch().ExecuteAsync(server.Url(), server.Folder, 1000, caller.Token));

        Directory.EnumerateFiles(server.Folder).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(5000, 10)] // says more than it sends
    [InlineData(10, 5000)] // says less than it sends
    [InlineData(5_000_000_000, 10)] // says more than is allowed
    public async Task AContentLengthThatLiesHelpsNobody(long said, int sent)
    {
        await using var server = await HostileServer.StartAsync(http => Task.CompletedTask);
        using var liar = new TcpListener(HostileServer.Address, 0);
        liar.Start();
        var lying = LieAsync();
        var port = ((IPEndPoint)liar.LocalEndpoint).Port;
        var options = new MediaOptions();
        options.FetchPorts.Add(port);
        var route = new FetchRoute
        {
            Resolve = server.Route.Resolve,
            AlsoAllowed = [new IPEndPoint(HostileServer.Address, port)],
            Certificate = server.Route.Certificate,
        };
        var fetch = new FetchMedia(route, Options.Create(options), TimeProvider.System);

        Task<(StagedFile File, string? Type)> FetchAsync() =>
            fetch.ExecuteAsync($"https://{HostileServer.Website}:{port}/", server.Folder, 1_000_000, CancellationToken.None);
        if (said < sent)
        {
            var (file, _) = await FetchAsync();
            file.Size.ShouldBe(said); // the rest is never read
            await file.DisposeAsync();
        }
        else
        {
            (await Should.ThrowAsync<Fault>(FetchAsync)).Code.ShouldBe(FaultCode.InvalidInput);
        }

        await lying;
        Directory.EnumerateFiles(server.Folder).ShouldBeEmpty();

        async Task LieAsync()
        {
            using var connection = await liar.AcceptTcpClientAsync();
            await using var stream = new SslStream(connection.GetStream());
            await stream.AuthenticateAsServerAsync(server.Certificate);
            await stream.ReadAtLeastAsync(new byte[4096], 20, throwOnEndOfStream: false);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {said}\r\n\r\n"));
            await stream.WriteAsync(new byte[sent]);
        }
    }

    [Theory]
    [InlineData(404, "HTTP 404")]
    [InlineData(500, "HTTP 500")]
    [InlineData(204, "HTTP 204")]
    [InlineData(304, "HTTP 304")]
    [InlineData(302, "HTTP 302")] // without a place to go to
    public async Task AnAnswerThatIsNoFileIsToldAsWhatItIs(int status, string words)
    {
        await using var server = await HostileServer.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        var fault = await Should.ThrowAsync<Fault>(() => server.Fetch().ExecuteAsync(server.Url(), server.Folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldContain(words);
    }

    [Fact]
    public async Task ACompressedAnswerIsRefusedRatherThanUnpacked()
    {
        await using var server = await HostileServer.StartAsync(http =>
        {
            http.Response.Headers.ContentEncoding = "gzip";
            return http.Response.Body.WriteAsync(new byte[] { 0x1F, 0x8B, 8 }).AsTask();
        });

        var fault = await Should.ThrowAsync<Fault>(() => server.Fetch().ExecuteAsync(server.Url(), server.Folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldContain("compressed");
    }

    [Fact]
    public async Task ACertificateThatNobodyVouchesForIsNotTrusted()
    {
        await using var server = await HostileServer.StartAsync(http => http.Response.Body.WriteAsync(FilesOf.Png).AsTask());
        var route = new FetchRoute { Resolve = server.Route.Resolve, AlsoAllowed = server.Route.AlsoAllowed };

        var fault = await Should.ThrowAsync<Fault>(() => server.Fetch(route: route).ExecuteAsync(server.Url(), server.Folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldContain("does not speak HTTPS");
        server.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task AServerOnWhichNobodyListensHasTheSameWordsAsOneInside()
    {
        await using var server = await HostileServer.StartAsync(http => Task.CompletedTask);
        var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        var route = new FetchRoute { Resolve = server.Route.Resolve, AlsoAllowed = [new IPEndPoint(IPAddress.Loopback, port)] };
        var options = new MediaOptions();
        options.FetchPorts.Add(port);
        var fetch = new FetchMedia(route, Options.Create(options), TimeProvider.System);

        var fault = await Should.ThrowAsync<Fault>(() => fetch.ExecuteAsync($"https://files.example:{port}/", server.Folder, 1000, CancellationToken.None));

        fault.PublicText.ShouldBe(Unreachable);
    }

    [Fact]
    public async Task NothingThatACertificateNamesIsFetched()
    {
        using var named = new TcpListener(IPAddress.Loopback, 0);
        named.Start();
        var accepted = 0;
        var accepting = CountAsync();
        using var leaf = Leaf($"http://127.0.0.1:{((IPEndPoint)named.LocalEndpoint).Port}/issuer.cer");
        using (var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck } })
        {
            chain.Build(leaf);
            accepted.ShouldBePositive("such a certificate does lead there, if nobody minds");
        }

        var usual = accepted;
        using var server = new TcpListener(HostileServer.Address, 0);
        server.Start();
        var endpoint = (IPEndPoint)server.LocalEndpoint;
        var answering = AnswerAsync();
        var options = new MediaOptions();
        options.FetchPorts.Add(endpoint.Port);
        var route = new FetchRoute
        {
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([HostileServer.Address]),
            AlsoAllowed = [endpoint],
            Certificate = (_, shown, _, _) => shown is not null,
        };

        var (file, _) = await new FetchMedia(route, Options.Create(options), TimeProvider.System)
            .ExecuteAsync($"https://{HostileServer.Website}:{endpoint.Port}/", RunFolder.Create("staging"), 1000, CancellationToken.None);

        await file.DisposeAsync();
        await answering;
        accepted.ShouldBe(usual);
        named.Stop();
        await Should.ThrowAsync<SocketException>(accepting);

        async Task CountAsync()
        {
            while (true)
            {
                using var connection = await named.AcceptSocketAsync();
                Interlocked.Increment(ref accepted);
            }
        }

        async Task AnswerAsync()
        {
            using var connection = await server.AcceptTcpClientAsync();
            await using var stream = new SslStream(connection.GetStream());
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(leaf, additionalCertificates: null, offline: true),
            });
            await stream.ReadAtLeastAsync(new byte[4096], 20, throwOnEndOfStream: false);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"u8.ToArray());
        }
    }

    [Theory]
    [InlineData("//")]
    [InlineData("https://")]
    [InlineData("http://[")]
    public async Task ARedirectToNowhereIsTheServersFault(string location)
    {
        await using var server = await HostileServer.StartAsync(http =>
        {
            http.Response.StatusCode = 302;
            http.Response.Headers.Location = location;
            return Task.CompletedTask;
        });

        (await Should.ThrowAsync<Fault>(() => server.Fetch().ExecuteAsync(server.Url(), server.Folder, 1000, CancellationToken.None)))
            .Code.ShouldBe(FaultCode.InvalidInput);
    }

    [Fact]
    public async Task ADiskThatTakesNothingIsNotToldAsTheServersFault()
    {
        await using var server = await HostileServer.StartAsync(http => http.Response.Body.WriteAsync(FilesOf.Png).AsTask());
        var noFolder = Path.Combine(server.Folder, "file");
        await File.WriteAllTextAsync(noFolder, "");

        (await Should.ThrowAsync<Fault>(() => server.Fetch().ExecuteAsync(server.Url(), noFolder, 1000, CancellationToken.None)))
            .Code.ShouldBe(FaultCode.Unavailable);
    }

    [Fact]
    public async Task OneClientsFetchesDoNotTakeTheTurnsOfAnother()
    {
        using var turns = new FetchTurns(Options.Create(new MediaOptions
        {
            MaxFetches = 2,
            MaxFetchesPerClient = 1,
            FetchTimeout = TimeSpan.FromMilliseconds(50),
        }));
        var (slow, other) = (TypedId.New<ClientId>(), TypedId.New<ClientId>());
        var end = new TaskCompletionSource<int>();
        var first = turns.RunAsync(slow, () => end.Task, CancellationToken.None);

        (await Should.ThrowAsync<Fault>(() => turns.RunAsync(slow, () => Task.FromResult(0), CancellationToken.None))).Code.ShouldBe(FaultCode.RateLimited);
        (await turns.RunAsync(other, () => Task.FromResult(2), CancellationToken.None)).ShouldBe(2);
        end.SetResult(1);
        (await first).ShouldBe(1);
        (await turns.RunAsync(slow, () => Task.FromResult(3), CancellationToken.None)).ShouldBe(3);
    }

    private static X509Certificate2 Leaf(string issuerAddress)
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest($"CN=Nobody {Guid.NewGuid():N}", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var issuer = authority.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={HostileServer.Website}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(ocspUris: null, caIssuersUris: [issuerAddress]));
        using var made = request.Create(issuer, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), [1, 2, 3]);
        using var whole = made.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null);
    }
}
