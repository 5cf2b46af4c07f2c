//! What happened on the way, kept outside the request's future so that a timeout can't lose it.

use std::time::{Duration, Instant};

use errand_domain::HostContact;
use hyper_util::client::legacy::connect::CaptureConnection;

use crate::{
    EgressError, InboundResponse, Outcome, Stage, Timings,
    connect::{Link, micros},
    hop::Target,
};

pub(crate) struct Journal {
    contacts: Vec<HostContact>,
    request_sent: bool,
    timings: Timings,
    origin: String,
    started: Instant,
    stage: Stage,
    /// The connection of the contact that stands last, once there is one.
    capture: Option<CaptureConnection>,
    link: Option<Link>,
}

impl Journal {
    pub(crate) fn start() -> Self {
        Self {
            contacts: Vec::new(),
            request_sent: false,
            timings: Timings::default(),
            origin: String::new(),
            started: Instant::now(),
            stage: Stage::Connecting,
            capture: None,
            link: None,
        }
    }

    /// A request is about to go to this host.
    pub(crate) fn asks(&mut self, target: &Target, capture: CaptureConnection) {
        self.settle();
        self.contacts.push(target.contact());
        target.origin().clone_into(&mut self.origin);
        self.stage = Stage::Connecting;
        self.capture = Some(capture);
        self.started = Instant::now();
    }

    /// The host was refused before a connection was tried.
    pub(crate) fn refuses(&mut self, target: &Target, error: &EgressError) {
        self.settle();
        self.contacts.push(HostContact { refused: Some(error.to_string()), ..target.contact() });
    }

    /// The connection for the last request was refused.
    pub(crate) fn refused(&mut self, address: String, why: String) {
        if let Some(contact) = self.contacts.last_mut() {
            contact.address = Some(address);
            contact.refused = Some(why);
        }
    }

    /// The request's headers came back, or it failed. True when its connection had served another request before.
    pub(crate) fn answered(&mut self) -> bool {
        let elapsed = micros(self.started.elapsed());
        self.look_at_connection();
        let reused = self.link.as_ref().is_some_and(Link::mark_used);
        let connect_us = match &self.link {
            Some(link) => link.take_connect_us().min(elapsed),
            None => elapsed,
        };
        self.timings.connect_us += connect_us;
        self.timings.wait_us += elapsed - connect_us;
        self.started = Instant::now();
        reused
    }

    pub(crate) fn reads(&mut self) {
        self.stage = Stage::Reading;
        self.started = Instant::now();
    }

    pub(crate) fn has_read(&mut self) {
        self.timings.read_us += micros(self.started.elapsed());
    }

    pub(crate) fn timed_out(&mut self, timeout: Duration) -> EgressError {
        match self.stage {
            Stage::Reading => self.has_read(),
            Stage::Connecting | Stage::Waiting => {
                self.answered();
                if self.link.is_some() {
                    self.stage = Stage::Waiting;
                }
            }
        }
        EgressError::TimedOut { origin: self.origin.clone(), stage: self.stage, timeout }
    }

    pub(crate) fn finish(mut self, result: Result<InboundResponse, EgressError>) -> Outcome {
        self.settle();
        Outcome { result, contacts: self.contacts, request_sent: self.request_sent, timings: self.timings }
    }

    fn look_at_connection(&mut self) {
        if let Some(capture) = &self.capture {
            let connected = capture.connection_metadata();
            self.link = connected.as_ref().and_then(Link::of);
            self.request_sent |= self.link.is_some();
        }
    }

    /// Writes down what the last connection carried.
    fn settle(&mut self) {
        self.look_at_connection();
        self.capture = None;
        if let (Some(link), Some(contact)) = (self.link.take(), self.contacts.last_mut()) {
            let traffic = link.take_traffic();
            contact.address = Some(link.address().to_string());
            contact.bytes_sent = traffic.sent;
            contact.bytes_received = traffic.received;
        }
    }
}
